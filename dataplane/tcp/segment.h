#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/buffer/byte_chain.h"
#include "dataplane/ip/transport.h"
#include "dataplane/tcp/sequence.h"
#include "dataplane/wire/ecn.h"
#include "dataplane/wire/flow.h"
#include "dataplane/wire/tcp.h"

namespace sluice::tcp {

/// A received TCP segment: its header's fields, and its payload alone.
struct Segment {
  wire::FlowKey flow;
  SequenceNumber sequence;
  SequenceNumber acknowledgment;
  std::uint8_t flags = 0;
  wire::Ecn ecn = wire::Ecn::kNotCapable;  ///< of its IP header
  std::uint16_t window = 0;                ///< as in the header, unscaled
  wire::TcpOptions options;
  ByteChain payload;

  [[nodiscard]] bool has(wire::TcpFlag flag) const { return (flags & flag) != 0; }
  /// SEG.LEN: SYN and FIN count (RFC 9293 section 3.4).
  [[nodiscard]] std::uint32_t length() const {
    return static_cast<std::uint32_t>(payload.size()) + (has(wire::kSyn) ? 1 : 0) +
           (has(wire::kFin) ? 1 : 0);
  }
  /// The first sequence number behind the segment.
  [[nodiscard]] SequenceNumber end() const { return sequence + length(); }
};

enum class SegmentFault : std::uint8_t { kNone, kMalformed, kBadChecksum };

/// Reads a datagram's TCP header and checks its checksum unless the port has done so. On success
/// `segment` holds everything but the payload, which take_payload() moves later; the datagram
/// keeps its packet.
SegmentFault parse_segment(const ip::Datagram& datagram, Segment& segment);

/// Moves the payload of a parsed datagram into its segment.
void take_payload(ip::Datagram& datagram, Segment& segment);

}  // namespace sluice::tcp
