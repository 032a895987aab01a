#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::http {

/// The fields a proxy acts on; all others are passed on as they are.
enum class FieldKind : std::uint8_t {
  kOther,
  kHost,
  kContentLength,
  kTransferEncoding,
  kConnection,
  /// Meant for the next hop alone (RFC 9110 section 7.6.1), or pointless behind us: Keep-Alive, TE,
  /// Trailer, HTTP2-Settings, the Proxy- fields, and Proxy, which is no field at all but becomes
  /// HTTP_PROXY in a CGI environment.
  kHopByHop,
  kUpgrade,
  kExpect,
  kForwardedFor,
  kForwardedProto,
  kForwardedHost,
  /// X-SSL-Client-...: what we say of a client's certificate, and nobody else. With underscores for
  /// hyphens, too: many servers take both for the same.
  kClientCertificate,
};

FieldKind kind_of(std::string_view name);

/// One field line: views into the head it was parsed from, the value without surrounding space.
struct Field {
  std::string_view name;
  std::string_view value;
  FieldKind kind = FieldKind::kOther;
};

/// What the Connection fields of a head say (RFC 9110 section 7.6.1).
class ConnectionOptions {
 public:
  // Names are not initialized: clearing room for all of them would cost every head more than most
  // of what else is done with it.
  ConnectionOptions() {}

  /// Names that a head may nominate; one with more is refused rather than searched for ever.
  static constexpr std::size_t kMaxNominated = 16;

  /// Takes in one field's value. False when it is not a list of tokens, or has too many.
  [[nodiscard]] bool add(std::string_view value);

  /// As new.
  void clear() {
    count_ = 0;
    close_ = keep_alive_ = false;
  }

  [[nodiscard]] bool close() const { return close_; }
  [[nodiscard]] bool keep_alive() const { return keep_alive_; }
  /// Whether a field of this name belongs to this hop.
  [[nodiscard]] bool nominates(std::string_view name) const;

 private:
  struct Name {
    const char* begin;
    std::size_t size;
  };

  std::array<Name, kMaxNominated> nominated_;
  std::size_t count_ = 0;
  bool close_ = false;
  bool keep_alive_ = false;
};

}  // namespace sluice::http
