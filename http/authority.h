#pragma once

#include <optional>
#include <string_view>

namespace sluice::http {

/// "host[:port]" as it stands in Host and in request targets.
struct Authority {
  std::string_view host;  ///< a name, an IPv4 address, or an IPv6 address in brackets
  std::string_view port;  ///< digits, or empty
};

/// Splits and checks an authority (RFC 3986 section 3.2, RFC 9110 section 7.2). Nothing when it is
/// not one, has no host, names a user, or has a port above 65535.
std::optional<Authority> parse_authority(std::string_view text);

}  // namespace sluice::http
