#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/wire/ip_address.h"

namespace sluice::control {

/// Where the access log goes.
struct AccessDestination {
  enum class Kind : std::uint8_t {
    kFile,        ///< "/var/log/sluice/access.log"
    kStdout,      ///< "stdout"
    kUnixSyslog,  ///< "syslog:/dev/log"
    kUdpSyslog,   ///< "syslog:192.0.2.1:514", "syslog:[2001:db8::1]:514"
  };

  static std::optional<AccessDestination> parse(std::string_view text);

  Kind kind = Kind::kFile;
  std::string path;        ///< of the file or the socket
  wire::Endpoint address;  ///< of a syslog server
};

/// The number of a syslog facility (RFC 5424 section 6.2.1), such as "local0"; nothing when there
/// is no such one.
std::optional<unsigned> syslog_facility(std::string_view name);

}  // namespace sluice::control
