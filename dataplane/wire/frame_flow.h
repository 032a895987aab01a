#pragma once

#include <cstdint>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/flow.h"

namespace sluice::wire {

/// Where a received frame must go among a host's workers.
enum class FrameTarget : std::uint8_t {
  kHere,      ///< to whoever received it: no state of another worker is touched
  kFlow,      ///< to the owner of `flow`
  kEveryone,  ///< to all workers: each keeps a neighbour table of its own
};

struct FrameFlow {
  FrameTarget target = FrameTarget::kHere;
  FlowKey flow;  ///< meaningful for kFlow alone
};

/// Decides from the first buffer of a raw Ethernet frame. A TCP packet goes to the flow whose local
/// end is its destination; an ICMP error that quotes a TCP segment of ours, to that segment's flow;
/// ARP and neighbour solicitations and advertisements, to everyone. Fragments, which have no ports,
/// go where all of their datagram go; put together it is looked at again. All else stays: tagged
/// frames, and what is too short to be read. Nothing else is checked; the IP layer of the
/// worker that gets the frame does that.
FrameFlow frame_flow(Bytes frame);

}  // namespace sluice::wire
