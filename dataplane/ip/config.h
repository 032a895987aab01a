#pragma once

#include <cstdint>

namespace sluice::ip {

/// What an operator decides about IP, for one worker.
struct Config {
  /// What no "fragmentation needed" makes an IPv4 path's MTU smaller than, bytes. Standard routers
  /// carry 576 (RFC 1122 section 3.3.3 asks hosts for it); less is known of modem lines, and of
  /// attackers who want many small packets (CVE-2004-1060).
  std::uint16_t path_mtu_minimum = 552;
};

}  // namespace sluice::ip
