#include "dataplane/tcp/segment.h"

#include "dataplane/wire/checksum.h"

namespace sluice::tcp {
namespace {

constexpr std::uint8_t kTcpProtocol = 6;

bool checksum_holds(const ip::Datagram& datagram) {
  wire::InternetSum sum = wire::pseudo_header_sum(datagram.source, datagram.destination,
                                                  kTcpProtocol, datagram.packet.size());
  sum.add_chain(*datagram.packet.get(), 0);
  return sum.verifies();
}

}  // namespace

SegmentFault parse_segment(const ip::Datagram& datagram, Segment& segment) {
  const auto header = wire::TcpHeader::parse(datagram.packet.front());
  if (!header) return SegmentFault::kMalformed;
  if (!datagram.checksum_verified && !checksum_holds(datagram)) return SegmentFault::kBadChecksum;
  segment.flow = {.local = datagram.destination,
                  .remote = datagram.source,
                  .local_port = header->destination_port(),
                  .remote_port = header->source_port()};
  segment.sequence = SequenceNumber(header->sequence());
  segment.acknowledgment = SequenceNumber(header->acknowledgment());
  segment.flags = header->flags();
  segment.ecn = wire::ecn_of(datagram.traffic_class);
  segment.window = header->window();
  segment.options = wire::TcpOptions::parse(header->options());
  return SegmentFault::kNone;
}

void take_payload(ip::Datagram& datagram, Segment& segment) {
  const std::size_t header_size = static_cast<std::size_t>(datagram.packet.front()[12] >> 4) * 4;
  datagram.packet.trim_front(static_cast<std::uint16_t>(header_size));
  segment.payload.append(std::move(datagram.packet));
}

}  // namespace sluice::tcp
