#pragma once

#include <span>
#include <string_view>

#include "http/field.h"
#include "http/framing.h"

namespace sluice::http {

/// A response's head, checked. The views point into the bytes it was parsed from, the fields into
/// the parser that made it.
struct ResponseHead {
  Version version = Version::kHttp11;
  unsigned status = 0;      ///< 100 to 599
  std::string_view reason;  ///< may be empty
  std::span<const Field> fields;
  ConnectionOptions connection;
  BodyFraming framing;
  /// What Upgrade says, if Connection nominates it; empty: nothing.
  std::string_view upgrade;

  [[nodiscard]] bool interim() const { return status < 200; }
  /// Whether the server takes another request on this connection (RFC 9112 section 9.3).
  [[nodiscard]] bool keeps_alive() const {
    if (connection.close()) return false;
    return version == Version::kHttp11 || connection.keep_alive();
  }
};

}  // namespace sluice::http
