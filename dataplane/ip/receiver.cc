#include "dataplane/ip/receiver.h"

#include <rte_prefetch.h>

#include <algorithm>
#include <utility>

#include "dataplane/ip/input.h"
#include "dataplane/ip/packet_edit.h"
#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/ip_protocol.h"
#include "dataplane/wire/ipv4.h"
#include "dataplane/wire/tcp.h"

namespace sluice::ip {
namespace {

// All headers of any packet that is served, and a segment quoted in an ICMP error.
constexpr std::uint16_t kHeadersInFirstBuffer = 192;

constexpr std::size_t kPrefetchAhead = 4;

enum class ChecksumVerdict : std::uint8_t { kUnknown, kGood, kBad };

// "None" is good data under a field that was left unfinished, as a guest's own packets are.
ChecksumVerdict transport_checksum(const rte_mbuf& mbuf) {
  switch (mbuf.ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) {
    case RTE_MBUF_F_RX_L4_CKSUM_BAD:
      return ChecksumVerdict::kBad;
    case RTE_MBUF_F_RX_L4_CKSUM_GOOD:
    case RTE_MBUF_F_RX_L4_CKSUM_NONE:
      return ChecksumVerdict::kGood;
    default:
      return ChecksumVerdict::kUnknown;
  }
}

// Leaves what lies between the headers in front and the end of the datagram.
void strip(Packet& packet, const Arrival& arrival) {
  truncate(packet, arrival.end);
  packet.trim_front(arrival.payload_offset);
}

}  // namespace

Receiver::Receiver(const Resources& resources, std::span<const Interface> interfaces,
                   const AddressTable& addresses, Arp& arp, Icmp& icmp, const Config& config)
    : resources_(resources), addresses_(addresses), arp_(arp), icmp_(icmp) {
  reassembled_.reserve(kBurst);
  if (config.fragments == FragmentUse::kReassemble) reassembler_.emplace(resources);
  for (const Interface& interface : interfaces) {
    for (const port::LinkProperties& link : interface.ports()) {
      if (attachments_.size() <= link.port.index()) attachments_.resize(link.port.index() + 1);
      attachments_[link.port.index()] = {&interface, &link};
    }
  }
}

void Receiver::receive(port::PortId port, std::span<Packet> frames) {
  const Attachment attachment = attachment_of(port);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (i + kPrefetchAhead < frames.size() && frames[i + kPrefetchAhead]) {
      rte_prefetch0(rte_pktmbuf_mtod(frames[i + kPrefetchAhead].get(), const void*));
    }
    if (!frames[i]) continue;
    resources_.counters.frames_received.add();
    receive_frame(attachment, std::move(frames[i]));
  }
  hand_up();
}

Receiver::Attachment Receiver::attachment_of(port::PortId port) const {
  return port.index() < attachments_.size() ? attachments_[port.index()] : Attachment{};
}

void Receiver::receive_frame(const Attachment& attachment, Packet frame) {
  Counters& counters = resources_.counters;
  if (!pull_up(frame, kHeadersInFirstBuffer)) return counters.transport_split_header.add();
  const auto header = wire::EthernetHeader::parse(frame.front());
  if (!header) return counters.frame_short.add();
  if (!is_for_us(attachment, *header)) return counters.frame_foreign.add();
  if ((frame.get()->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0) {
    return counters.frame_tagged.add();
  }
  Arrival arrival;
  arrival.interface = attachment.interface;
  arrival.link = attachment.link;
  arrival.sender_mac = header->source();
  arrival.to_group = header->destination().is_multicast();
  const std::uint16_t type = header->type();
  frame.trim_front(wire::EthernetHeader::kSize);
  switch (type) {
    case wire::kEtherIpv4:
      return receive_ipv4(arrival, std::move(frame));
    case wire::kEtherIpv6:
      return receive_ipv6(arrival, std::move(frame));
    case wire::kEtherArp:
      return arp_.receive(*attachment.interface, *attachment.link, frame.front());
    case wire::kEtherVlan:
    case wire::kEtherServiceVlan:
      return counters.frame_tagged.add();
    default:
      return counters.frame_unknown_type.add();
  }
}

bool Receiver::is_for_us(const Attachment& attachment, const wire::EthernetHeader& header) {
  if (attachment.interface == nullptr || header.source().is_multicast()) return false;
  const wire::MacAddress destination = header.destination();
  return destination == attachment.link->mac || destination.is_multicast();
}

void Receiver::receive_ipv4(Arrival& arrival, Packet packet) {
  if (!check_ipv4(packet, addresses_, resources_.counters, arrival)) return;
  if (arrival.fragment) return receive_fragment_v4(arrival, std::move(packet));
  switch (arrival.protocol) {
    case wire::kProtocolTcp:
      return receive_tcp(arrival, std::move(packet));
    case wire::kProtocolIcmp:
      strip(packet, arrival);
      icmp_.receive_v4(arrival, std::move(packet));
      return;
    default:
      break;
  }
  const bool udp = arrival.protocol == wire::kProtocolUdp;
  Counters& counters = resources_.counters;
  (arrival.to_group ? counters.ip_group : counters.ip_unknown_protocol).add();
  icmp_.refuse(arrival, packet.front(), wire::kIcmpUnreachable,
               udp ? wire::kIcmpPortUnreachable : wire::kIcmpProtocolUnreachable);
}

void Receiver::receive_ipv6(Arrival& arrival, Packet packet) {
  if (!check_ipv6(packet, addresses_, resources_.counters, arrival)) return;
  const wire::Ipv6Payload found = check_extensions(packet, resources_.counters, arrival);
  if (found.outcome == wire::Ipv6Payload::Outcome::kFragment) {
    return receive_fragment_v6(arrival, std::move(packet), found);
  }
  if (found.outcome != wire::Ipv6Payload::Outcome::kFound) {
    refuse_extensions(arrival, packet, found);
    return;
  }
  switch (arrival.protocol) {
    case wire::kProtocolTcp:
      return receive_tcp(arrival, std::move(packet));
    case wire::kProtocolIcmpv6:
      strip(packet, arrival);
      icmp_.receive_v6(arrival, std::move(packet));
      return;
    default:
      break;
  }
  Counters& counters = resources_.counters;
  (arrival.to_group ? counters.ip_group : counters.ip_unknown_protocol).add();
  if (arrival.protocol == wire::kProtocolNone) return;
  if (arrival.protocol == wire::kProtocolUdp) {
    icmp_.refuse(arrival, packet.front(), wire::kIcmpv6Unreachable, wire::kIcmpv6PortUnreachable);
  } else {
    icmp_.refuse(arrival, packet.front(), wire::kIcmpv6ParameterProblem,
                 wire::kIcmpv6UnknownNextHeader, found.next_header_field);
  }
}

void Receiver::refuse_extensions(const Arrival& arrival, const Packet& packet,
                                 const wire::Ipv6Payload& found) {
  using Outcome = wire::Ipv6Payload::Outcome;
  std::uint8_t code = 0;
  switch (found.outcome) {
    case Outcome::kBadField:
      code = wire::kIcmpv6ErroneousField;
      break;
    case Outcome::kUnknownNextHeader:
      code = wire::kIcmpv6UnknownNextHeader;
      break;
    case Outcome::kUnknownOption:
    case Outcome::kUnknownOptionUnicastOnly:
      code = wire::kIcmpv6UnknownOption;
      break;
    default:
      return;
  }
  icmp_.refuse(arrival, packet.front(), wire::kIcmpv6ParameterProblem, code,
               static_cast<std::uint32_t>(found.offset));
}

bool Receiver::wants_fragment(const Arrival& arrival, std::uint8_t protocol) const {
  const std::uint8_t icmp = arrival.source.is_v4() ? std::uint8_t{wire::kProtocolIcmp}
                                                   : std::uint8_t{wire::kProtocolIcmpv6};
  if (reassembler_ && !arrival.to_group && !arrival.source.is_unspecified() &&
      (protocol == wire::kProtocolTcp || protocol == icmp)) {
    return true;
  }
  resources_.counters.ip_fragment.add();
  return false;
}

void Receiver::receive_fragment_v4(const Arrival& arrival, Packet packet) {
  if (!wants_fragment(arrival, arrival.protocol)) return;
  const auto header = wire::Ipv4Header::parse_quoted(packet.front());
  const FragmentedDatagram datagram{arrival.source, arrival.destination, header->identification(),
                                    arrival.protocol};
  const FragmentRange range{static_cast<std::uint32_t>(header->fragment_offset()),
                            arrival.end - arrival.payload_offset, !header->more_fragments()};
  truncate(packet, arrival.end);
  auto whole = reassembler_->add(datagram, range, std::move(packet), arrival.payload_offset);
  if (!whole) return;
  if (whole->size() > Reassembler::kLargest) return resources_.counters.fragment_malformed.add();
  wire::mend_reassembled_ipv4(whole->front().data(), static_cast<std::uint16_t>(whole->size()));
  keep_reassembled(arrival, std::move(*whole));
}

void Receiver::receive_fragment_v6(const Arrival& arrival, Packet packet,
                                   const wire::Ipv6Payload& found) {
  using wire::Ipv6Fragment;
  const auto fragment = Ipv6Fragment::parse(wire::Bytes(packet.front()).subspan(found.offset));
  if (!fragment || !wants_fragment(arrival, fragment->next_header())) return;
  const FragmentedDatagram datagram{arrival.source, arrival.destination, fragment->identification(),
                                    fragment->next_header()};
  const auto headers = static_cast<std::uint16_t>(found.offset + Ipv6Fragment::kSize);
  const FragmentRange range{fragment->offset(), arrival.end - headers, !fragment->more_fragments()};
  truncate(packet, arrival.end);
  auto whole = reassembler_->add(datagram, range, std::move(packet), headers);
  if (!whole) return;
  const std::size_t payload = whole->size() - wire::Ipv6Header::kSize - Ipv6Fragment::kSize;
  if (payload > Reassembler::kLargest) return resources_.counters.fragment_malformed.add();
  // The first fragment's headers, whose way to the fragment header may be another than this one's.
  std::uint8_t* bytes = whole->front().data();
  const auto first =
      wire::Ipv6Payload::find(*wire::Ipv6Header::parse_quoted(whole->front()), whole->front());
  bytes[first.next_header_field] = bytes[first.offset];
  wire::store_be16(bytes + 4, static_cast<std::uint16_t>(payload));
  std::uint8_t* frame = bytes - wire::EthernetHeader::kSize;
  std::memmove(frame + Ipv6Fragment::kSize, frame, wire::EthernetHeader::kSize + first.offset);
  whole->trim_front(Ipv6Fragment::kSize);
  keep_reassembled(arrival, std::move(*whole));
}

// The Ethernet header is still in front. What the port said of checksums was about a fragment.
void Receiver::keep_reassembled(const Arrival& arrival, Packet packet) {
  if (packet.prepend(wire::EthernetHeader::kSize) == nullptr) return;
  packet.get()->ol_flags &= ~(RTE_MBUF_F_RX_IP_CKSUM_MASK | RTE_MBUF_F_RX_L4_CKSUM_MASK);
  reassembled_.push_back({arrival.link->port, std::move(packet)});
}

std::optional<ReassembledFrame> Receiver::take_reassembled() {
  if (reassembled_.empty()) return {};
  ReassembledFrame next = std::move(reassembled_.back());
  reassembled_.pop_back();
  return next;
}

void Receiver::receive_tcp(const Arrival& arrival, Packet packet) {
  const ChecksumVerdict verdict = transport_checksum(*packet.get());
  if (arrival.to_group || arrival.source.is_unspecified()) {
    (arrival.to_group ? resources_.counters.ip_group : resources_.counters.ip_bad_source).add();
    return;
  }
  if (verdict == ChecksumVerdict::kBad) {
    resources_.counters.transport_bad_checksum.add();
    return;
  }
  strip(packet, arrival);
  if (packet.front().size() < std::min<std::size_t>(packet.size(), wire::TcpHeader::kMaximumSize)) {
    resources_.counters.transport_split_header.add();
    return;
  }
  resources_.counters.datagrams_delivered.add();
  burst_[burst_size_++] = {std::move(packet), arrival.source, arrival.destination,
                           verdict == ChecksumVerdict::kGood, arrival.traffic_class};
  if (burst_size_ == kBurst) hand_up();
}

void Receiver::hand_up() {
  const std::size_t size = std::exchange(burst_size_, 0);
  if (size == 0) return;
  const std::span<Datagram> burst(burst_.data(), size);
  if (transport_ != nullptr) transport_->receive(burst);
  for (Datagram& datagram : burst) datagram.packet.reset();
}

}  // namespace sluice::ip
