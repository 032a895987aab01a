#pragma once

#include <cstdint>

namespace sluice::ip {

/// What is done with IP fragments.
enum class FragmentUse : std::uint8_t {
  kDrop,
  kReassemble,  ///< TCP's and ICMP's, within the bounds of reassembler.h
};

/// What an operator decides about IP, for one worker.
struct Config {
  /// What no "fragmentation needed" makes an IPv4 path's MTU smaller than, bytes. Standard routers
  /// carry 576 (RFC 1122 section 3.3.3 asks hosts for it); less is known of modem lines, and of
  /// attackers who want many small packets (CVE-2004-1060).
  std::uint16_t path_mtu_minimum = 552;

  /// Dropped unless asked for: TCP cuts its data to size itself, so that fragments of it come from
  /// broken tunnels and from attackers, and RFC 8900 calls them fragile at best.
  FragmentUse fragments = FragmentUse::kDrop;
};

}  // namespace sluice::ip
