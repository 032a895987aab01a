#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "http/field.h"
#include "http/framing.h"

namespace sluice::http {

/// The methods that a proxy treats in some way of their own.
enum class Method : std::uint8_t {
  kGet,
  kHead,
  kPost,
  kPut,
  kDelete,
  kConnect,
  kOptions,
  kTrace,
  kOther,
};

/// Whether repeating a request with this method changes nothing more (RFC 9110 section 9.2.2).
constexpr bool is_idempotent(Method method) {
  return method != Method::kPost && method != Method::kConnect && method != Method::kOther;
}

/// A request's head, checked. The views point into the bytes it was parsed from, the fields into
/// the parser that made it: both must stay as they are while it is used.
struct RequestHead {
  Method method = Method::kOther;
  Version version = Version::kHttp11;
  std::string_view method_name;
  /// What to ask the backend for: path and query ("/a?b"), or "*" for OPTIONS of the whole server.
  /// A query alone ("?b") comes from an absolute form without a path; "/" belongs in front of it.
  std::string_view target;
  /// The part of the target that routes: the path as it was sent, without the query; "/" for "*".
  std::string_view path;
  /// "host[:port]": the target's own if it was in absolute form, else that of Host; empty only in
  /// HTTP/1.0.
  std::string_view authority;
  /// The host of the authority, without the port.
  std::string_view host;
  std::span<const Field> fields;
  ConnectionOptions connection;
  BodyFraming framing;
  bool expects_continue = false;  ///< Expect: 100-continue, in HTTP/1.1
  /// The protocols that the client would rather speak, if a server may be asked for them (see
  /// upgrade.h); empty: none.
  std::string_view upgrade;

  /// Whether the client wants to send more requests on this connection (RFC 9112 section 9.3).
  [[nodiscard]] bool keeps_alive() const {
    if (connection.close()) return false;
    return version == Version::kHttp11 || connection.keep_alive();
  }
};

}  // namespace sluice::http
