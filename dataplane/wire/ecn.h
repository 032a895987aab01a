#pragma once

#include <cstdint>

#include "dataplane/wire/bytes.h"

namespace sluice::wire {

/// The ECN field of an IP header (RFC 3168 section 5): the two low bits of the traffic class.
enum class Ecn : std::uint8_t {
  kNotCapable = 0,  ///< Not-ECT: the transport does not understand marks
  kCapable1 = 1,    ///< ECT(1), which RFC 8311 keeps for experiments
  kCapable0 = 2,    ///< ECT(0)
  kCongestion = 3,  ///< CE: a router was congested
};

constexpr Ecn ecn_of(std::uint8_t traffic_class) {
  return static_cast<Ecn>(traffic_class & 3);
}

/// Of a packet whose IP header was found good, of either version.
inline Ecn ecn_of_packet(Bytes packet) {
  return ecn_of(packet[0] >> 4 == 4 ? packet[1] : static_cast<std::uint8_t>(packet[1] >> 4));
}

/// Sets CE in such a packet's header. The checksum of IPv4 is left to the caller.
inline void mark_congestion(std::uint8_t* header) {
  header[1] |= static_cast<std::uint8_t>(header[0] >> 4 == 4 ? 0x03 : 0x30);
}

}  // namespace sluice::wire
