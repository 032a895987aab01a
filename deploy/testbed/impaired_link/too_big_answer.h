#pragma once

#include <cstdint>

#include "deploy/testbed/impaired_link/frame_pool.h"

namespace sluice::testbed {

/// Turns a frame whose IP packet is larger than `mtu` into the answer of a router to its sender:
/// ICMP "fragmentation needed and DF set" (RFC 1191 section 4) or ICMPv6 "packet too big" (RFC 4443
/// section 3.2). The link has no address: the answer seems to come from the packet's destination.
/// Returns false, and leaves the frame as it is, when there is to be none: no IP, an IPv4 packet
/// without DF, a fragment but the first, an ICMP message, a group address.
bool turn_into_too_big_answer(Frame& frame, std::uint32_t mtu);

}  // namespace sluice::testbed
