#pragma once

#include <cstdint>

#include "dataplane/buffer/packet_pool.h"
#include "dataplane/ip/egress.h"
#include "dataplane/tcp/counters.h"
#include "dataplane/tcp/response_limit.h"
#include "dataplane/tcp/segment.h"
#include "dataplane/tcp/sequence.h"
#include "dataplane/wire/flow.h"
#include "dataplane/wire/tcp.h"

namespace sluice::tcp {

/// The header of a segment to be sent.
struct OutgoingSegment {
  const wire::FlowKey& flow;
  SequenceNumber sequence;
  SequenceNumber acknowledgment;
  std::uint8_t flags = 0;
  std::uint16_t window = 0;
  wire::TcpOptions options = {};
  /// Payload bytes in each segment when the port cuts a large one; 0: this is one segment.
  std::uint16_t cut_to = 0;
  wire::Ecn ecn = wire::Ecn::kNotCapable;  ///< for the IP header
};

/// Turns headers and payload into packets and gives them to the IP layer.
class SegmentWriter {
 public:
  SegmentWriter(PacketPool& pool, ip::Egress& egress, Counters& counters, ResponseLimit& resets)
      : pool_(pool), egress_(egress), counters_(counters), resets_(resets) {}

  /// Puts a header in front of `payload`, a buffer from the pool with its headroom untouched, and
  /// sends it.
  void send(const OutgoingSegment& segment, Packet payload, const port::Offloads& offloads,
            ip::NextHop& next_hop);

  /// Sends a segment without payload. False when there is no buffer.
  bool send_bare(const OutgoingSegment& segment, const port::Offloads& offloads,
                 ip::NextHop& next_hop);

  /// Answers a segment that belongs to no connection with a reset (RFC 9293 section 3.10.7.1);
  /// nothing when it was a reset itself, or when there were too many of them this second.
  void reset(const Segment& offender);

 private:
  PacketPool& pool_;
  ip::Egress& egress_;
  Counters& counters_;
  ResponseLimit& resets_;
};

}  // namespace sluice::tcp
