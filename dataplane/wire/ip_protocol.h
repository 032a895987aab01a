#pragma once

#include <cstdint>

namespace sluice::wire {

/// The protocol field of IPv4 and the next-header field of IPv6 (one IANA registry).
enum IpProtocol : std::uint8_t {
  kProtocolHopByHop = 0,
  kProtocolIcmp = 1,
  kProtocolTcp = 6,
  kProtocolUdp = 17,
  kProtocolRouting = 43,
  kProtocolFragment = 44,
  kProtocolIcmpv6 = 58,
  kProtocolNone = 59,
  kProtocolDestinationOptions = 60,
};

}  // namespace sluice::wire
