#include "dataplane/wire/icmp.h"

#include "dataplane/wire/ip_protocol.h"
#include "dataplane/wire/ipv4.h"
#include "dataplane/wire/ipv6.h"

namespace sluice::wire {
namespace {

// Errors quote at least this much behind the IP header (RFC 792).
constexpr std::size_t kQuotedTransport = 8;

std::optional<QuotedSegment> read_segment(const IpAddress& source, const IpAddress& destination,
                                          std::size_t packet_size, Bytes transport) {
  if (transport.size() < kQuotedTransport) return {};
  return QuotedSegment{source,
                       destination,
                       load_be16(&transport[0]),
                       load_be16(&transport[2]),
                       load_be32(&transport[4]),
                       static_cast<std::uint32_t>(packet_size)};
}

}  // namespace

void write_icmp_header(std::uint8_t* out, std::uint8_t type, std::uint8_t code,
                       std::uint32_t rest) {
  out[0] = type;
  out[1] = code;
  store_be16(out + 2, 0);
  store_be32(out + 4, rest);
}

std::optional<QuotedSegment> QuotedSegment::parse_v4(Bytes packet) {
  const auto header = Ipv4Header::parse_quoted(packet);
  if (!header || header->protocol() != kProtocolTcp || header->fragment_offset() != 0) return {};
  return read_segment(header->source(), header->destination(), header->total_length(),
                      packet.subspan(header->size()));
}

std::optional<QuotedSegment> QuotedSegment::parse_v6(Bytes packet) {
  const auto header = Ipv6Header::parse_quoted(packet);
  if (!header || header->next_header() != kProtocolTcp) return {};
  return read_segment(header->source(), header->destination(), header->total_length(),
                      packet.subspan(Ipv6Header::kSize));
}

std::optional<QuotedSegment> QuotedSegment::parse(Bytes packet) {
  const auto segment = parse_v4(packet);
  return segment ? segment : parse_v6(packet);
}

}  // namespace sluice::wire
