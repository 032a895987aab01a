#include "dataplane/tcp/segment_writer.h"

#include <utility>

#include "dataplane/wire/checksum.h"

namespace sluice::tcp {
namespace {

constexpr std::uint8_t kTcpProtocol = 6;
constexpr std::size_t kChecksumOffset = 16;

// The port finishes the sum from the pseudo-header's; where it cuts segments it puts their lengths
// in as well.
void request_offload(rte_mbuf& mbuf, std::uint8_t* header, const OutgoingSegment& segment,
                     std::size_t header_size) {
  const bool cut = segment.cut_to > 0;
  wire::store_be16(header + kChecksumOffset,
                   wire::pseudo_header_sum(segment.flow.local, segment.flow.remote, kTcpProtocol,
                                           cut ? 0 : mbuf.pkt_len)
                       .sum());
  mbuf.l4_len = header_size & 0xff;
  mbuf.ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
  if (cut) {
    mbuf.ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
    mbuf.tso_segsz = segment.cut_to;
  }
}

void fill_in_checksum(const rte_mbuf& mbuf, std::uint8_t* header, const OutgoingSegment& segment) {
  wire::InternetSum sum =
      wire::pseudo_header_sum(segment.flow.local, segment.flow.remote, kTcpProtocol, mbuf.pkt_len);
  sum.add_chain(mbuf, 0);
  wire::store_be16(header + kChecksumOffset, sum.checksum());
}

}  // namespace

void SegmentWriter::send(const OutgoingSegment& segment, Packet payload,
                         const port::Offloads& offloads, ip::NextHop& next_hop) {
  const std::size_t options_size = segment.options.size();
  const std::size_t header_size = wire::TcpHeader::kMinimumSize + options_size;
  std::uint8_t* header = payload.prepend(static_cast<std::uint16_t>(header_size));
  if (header == nullptr) return;  // not a buffer of the pool's: a bug, but not one to die of
  wire::write_tcp_header(header,
                         {.source_port = segment.flow.local_port,
                          .destination_port = segment.flow.remote_port,
                          .sequence = segment.sequence.value(),
                          .acknowledgment = segment.acknowledgment.value(),
                          .flags = segment.flags,
                          .window = segment.window},
                         options_size);
  segment.options.write(header + wire::TcpHeader::kMinimumSize);
  if (offloads.transmit_checksum) {
    request_offload(*payload.get(), header, segment, header_size);
  } else {
    fill_in_checksum(*payload.get(), header, segment);
  }
  counters_.segments_sent.add();
  egress_.send_tcp(std::move(payload), segment.flow.local, segment.flow.remote, next_hop,
                   segment.ecn);
}

bool SegmentWriter::send_bare(const OutgoingSegment& segment, const port::Offloads& offloads,
                              ip::NextHop& next_hop) {
  Packet packet = pool_.allocate();
  if (!packet) {
    counters_.no_buffer.add();
    return false;
  }
  send(segment, std::move(packet), offloads, next_hop);
  return true;
}

void SegmentWriter::reset(const Segment& offender) {
  if (offender.has(wire::kRst)) return;
  if (!resets_.take()) {
    counters_.resets_suppressed.add();
    return;
  }
  const bool acknowledges = offender.has(wire::kAck);
  ip::NextHop next_hop;
  counters_.resets_sent.add();
  send_bare(
      {.flow = offender.flow,
       .sequence = acknowledges ? offender.acknowledgment : SequenceNumber(0),
       .acknowledgment = acknowledges ? SequenceNumber(0) : offender.end(),
       .flags = static_cast<std::uint8_t>(acknowledges ? wire::kRst : wire::kRst | wire::kAck)},
      port::Offloads(), next_hop);
}

}  // namespace sluice::tcp
