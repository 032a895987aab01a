#include "dataplane/wire/frame_flow.h"

#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/icmp.h"
#include "dataplane/wire/ip_protocol.h"
#include "dataplane/wire/ipv4.h"
#include "dataplane/wire/ipv6.h"

namespace sluice::wire {
namespace {

constexpr std::size_t kPortsSize = 4;

// All fragments of a datagram meet in one place, which is nobody's connection.
FrameFlow flow_of_fragment(const IpAddress& source, const IpAddress& destination,
                           std::uint32_t identification) {
  return {FrameTarget::kFlow,
          {destination, source, static_cast<std::uint16_t>(identification >> 16),
           static_cast<std::uint16_t>(identification)}};
}

FrameFlow flow_of_segment(const IpAddress& source, const IpAddress& destination, Bytes segment) {
  if (segment.size() < kPortsSize) return {};
  return {FrameTarget::kFlow,
          {destination, source, load_be16(&segment[2]), load_be16(&segment[0])}};
}

// A quoted segment went the other way: its source is this host.
FrameFlow flow_of_quoted(const std::optional<QuotedSegment>& quoted) {
  if (!quoted) return {};
  return {FrameTarget::kFlow,
          {quoted->source, quoted->destination, quoted->source_port, quoted->destination_port}};
}

FrameFlow flow_of_icmp(Bytes message) {
  const auto icmp = IcmpHeader::parse(message);
  if (!icmp || !is_icmp_error(icmp->type())) return {};
  return flow_of_quoted(QuotedSegment::parse_v4(icmp->body()));
}

FrameFlow flow_of_icmpv6(Bytes message) {
  const auto icmp = IcmpHeader::parse(message);
  if (!icmp) return {};
  if (icmp->type() == kIcmpv6NeighbourSolicitation ||
      icmp->type() == kIcmpv6NeighbourAdvertisement) {
    return {FrameTarget::kEveryone, {}};
  }
  if (!is_icmpv6_error(icmp->type())) return {};
  return flow_of_quoted(QuotedSegment::parse_v6(icmp->body()));
}

FrameFlow flow_of_ipv4(Bytes packet) {
  const auto header = Ipv4Header::parse_quoted(packet);
  if (!header) return {};
  if (header->is_fragment()) {
    return flow_of_fragment(header->source(), header->destination(), header->identification());
  }
  const Bytes payload = packet.subspan(header->size());
  if (header->protocol() == kProtocolTcp) {
    return flow_of_segment(header->source(), header->destination(), payload);
  }
  return header->protocol() == kProtocolIcmp ? flow_of_icmp(payload) : FrameFlow{};
}

FrameFlow flow_of_ipv6(Bytes packet) {
  const auto header = Ipv6Header::parse_quoted(packet);
  if (!header) return {};
  const Ipv6Payload found = Ipv6Payload::find(*header, packet);
  if (found.outcome == Ipv6Payload::Outcome::kFragment) {
    const auto fragment = Ipv6Fragment::parse(packet.subspan(found.offset));
    if (!fragment) return {};
    return flow_of_fragment(header->source(), header->destination(), fragment->identification());
  }
  if (found.outcome != Ipv6Payload::Outcome::kFound) return {};
  const Bytes payload = packet.subspan(found.offset);
  if (found.protocol == kProtocolTcp) {
    return flow_of_segment(header->source(), header->destination(), payload);
  }
  return found.protocol == kProtocolIcmpv6 ? flow_of_icmpv6(payload) : FrameFlow{};
}

}  // namespace

FrameFlow frame_flow(Bytes frame) {
  const auto ethernet = EthernetHeader::parse(frame);
  if (!ethernet) return {};
  const Bytes payload = frame.subspan(EthernetHeader::kSize);
  switch (ethernet->type()) {
    case kEtherIpv4:
      return flow_of_ipv4(payload);
    case kEtherIpv6:
      return flow_of_ipv6(payload);
    case kEtherArp:
      return {FrameTarget::kEveryone, {}};
    default:
      return {};
  }
}

}  // namespace sluice::wire
