#include "dataplane/ip/icmp.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "dataplane/ip/path_mtu.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/wire/ip_protocol.h"
#include "dataplane/wire/ipv4.h"
#include "dataplane/wire/ipv6.h"

namespace sluice::ip {
namespace {

// A packet with an error stays within what every path can carry.
constexpr std::size_t kLargestError4 = 576;   // RFC 1812 section 4.3.2.3
constexpr std::size_t kLargestError6 = 1280;  // RFC 4443 section 2.4 (c)

std::optional<DeliveryProblem> problem_of_v4(const wire::IcmpHeader& header) {
  if (header.type() == wire::kIcmpTimeExceeded) return DeliveryProblem::kHostUnreachable;
  if (header.type() != wire::kIcmpUnreachable) return {};
  switch (header.code()) {
    case wire::kIcmpFragmentationNeeded:
      return DeliveryProblem::kPacketTooBig;
    case wire::kIcmpProtocolUnreachable:
    case wire::kIcmpPortUnreachable:
    case wire::kIcmpNetworkProhibited:
    case wire::kIcmpHostProhibited:
    case wire::kIcmpCommunicationProhibited:
    case wire::kIcmpPrecedenceViolation:
    case wire::kIcmpPrecedenceCutoff:
      return DeliveryProblem::kPortUnreachable;
    default:
      return DeliveryProblem::kHostUnreachable;
  }
}

std::optional<DeliveryProblem> problem_of_v6(const wire::IcmpHeader& header) {
  switch (header.type()) {
    case wire::kIcmpv6PacketTooBig:
      return DeliveryProblem::kPacketTooBig;
    case wire::kIcmpv6TimeExceeded:
      return DeliveryProblem::kHostUnreachable;
    case wire::kIcmpv6ParameterProblem:
      if (header.code() == wire::kIcmpv6UnknownNextHeader) return DeliveryProblem::kPortUnreachable;
      return {};
    case wire::kIcmpv6Unreachable:
      break;
    default:
      return {};
  }
  switch (header.code()) {
    case wire::kIcmpv6Prohibited:
    case wire::kIcmpv6PortUnreachable:
    case wire::kIcmpv6PolicyFailed:
    case wire::kIcmpv6RouteRejected:
      return DeliveryProblem::kPortUnreachable;
    default:
      return DeliveryProblem::kHostUnreachable;
  }
}

bool checksum_verifies(const Arrival& arrival, const Packet& message) {
  wire::InternetSum sum;
  if (arrival.source.is_v6()) {
    sum = wire::pseudo_header_sum(arrival.source, arrival.destination, wire::kProtocolIcmpv6,
                                  message.size());
  }
  sum.add_chain(*message.get(), 0);
  return sum.verifies();
}

}  // namespace

void Icmp::receive_v4(const Arrival& arrival, Packet message) {
  const auto header = wire::IcmpHeader::parse(message.front());
  if (!header || !checksum_verifies(arrival, message)) {
    resources_.counters.icmp_malformed.add();
    return;
  }
  if (header->type() == wire::kIcmpEchoRequest) {
    answer_echo(arrival, std::move(message), wire::kIcmpEchoReply);
  } else if (wire::is_icmp_error(header->type())) {
    report(arrival, wire::QuotedSegment::parse_v4(header->body()), problem_of_v4(*header),
           header->next_hop_mtu());
  } else {
    resources_.counters.icmp_ignored.add();
  }
}

void Icmp::receive_v6(const Arrival& arrival, Packet message) {
  const auto header = wire::IcmpHeader::parse(message.front());
  if (!header || !checksum_verifies(arrival, message)) {
    resources_.counters.icmp_malformed.add();
    return;
  }
  // An option may be cut off where the first buffer ends; it then reads as malformed.
  if (header->type() == wire::kIcmpv6NeighbourSolicitation) {
    discovery_.receive_solicitation(arrival, message.front());
  } else if (header->type() == wire::kIcmpv6NeighbourAdvertisement) {
    discovery_.receive_advertisement(arrival, message.front());
  } else if (arrival.source.is_unspecified()) {
    resources_.counters.ip_bad_source.add();
  } else if (header->type() == wire::kIcmpv6EchoRequest) {
    answer_echo(arrival, std::move(message), wire::kIcmpv6EchoReply);
  } else if (wire::is_icmpv6_error(header->type())) {
    report(arrival, wire::QuotedSegment::parse_v6(header->body()), problem_of_v6(*header),
           header->mtu());
  } else {
    resources_.counters.icmp_ignored.add();
  }
}

// The request itself goes back, with its type changed.
void Icmp::answer_echo(const Arrival& arrival, Packet request, std::uint8_t reply_type) {
  if (arrival.to_group) {
    resources_.counters.icmp_ignored.add();
    return;
  }
  if (!echo_bucket_.take()) {
    resources_.counters.echo_limited.add();
    return;
  }
  std::uint8_t* bytes = request.front().data();
  const std::uint16_t old_word = wire::load_be16(bytes);
  bytes[0] = reply_type;
  bytes[1] = 0;
  wire::store_be16(bytes + 2, wire::updated_checksum(wire::load_be16(bytes + 2), old_word,
                                                     wire::load_be16(bytes)));
  request.get()->ol_flags &= ~RTE_MBUF_F_TX_OFFLOAD_MASK;
  resources_.counters.echo_answered.add();
  output_.send(std::move(request),
               {arrival.destination, arrival.source, arrival.protocol, arrival.traffic_class});
}

// What does not quote a segment this host has sent is not about it (RFC 5927 section 4).
void Icmp::report(const Arrival& arrival, const std::optional<wire::QuotedSegment>& segment,
                  std::optional<DeliveryProblem> problem, std::uint32_t mtu) {
  if (!segment || !problem || transport_ == nullptr || segment->source != arrival.destination) {
    resources_.counters.icmp_ignored.add();
    return;
  }
  std::optional<std::uint16_t> believed = 0;
  if (*problem == DeliveryProblem::kPacketTooBig) {
    believed = arrival.source.is_v4()
                   ? claimed_path_mtu_v4(mtu, segment->packet_size, path_mtu_minimum_)
                   : claimed_path_mtu_v6(mtu, segment->packet_size);
    if (!believed) return resources_.counters.icmp_mtu_refused.add();
  }
  resources_.counters.icmp_errors_received.add();
  transport_->delivery_failed({*problem, segment->source, segment->destination,
                               segment->source_port, segment->destination_port, segment->sequence,
                               *believed});
}

void Icmp::refuse(const Arrival& arrival, wire::Bytes packet, std::uint8_t type, std::uint8_t code,
                  std::uint32_t pointer) {
  if (arrival.to_group || arrival.source.is_unspecified()) return;
  if (!error_bucket_.take()) {
    resources_.counters.icmp_errors_limited.add();
    return;
  }
  const bool v6 = arrival.source.is_v6();
  const std::size_t room = v6 ? kLargestError6 - wire::Ipv6Header::kSize
                              : kLargestError4 - wire::Ipv4Header::kMinimumSize;
  const wire::Bytes quoted = packet.first(
      std::min({packet.size(), room - wire::IcmpHeader::kSize, std::size_t{arrival.end}}));
  Packet message = resources_.pool.allocate();
  if (!message) {
    resources_.counters.send_no_buffer.add();
    return;
  }
  const auto size = static_cast<std::uint16_t>(wire::IcmpHeader::kSize + quoted.size());
  std::uint8_t* out = message.append(size);
  wire::write_icmp_header(out, type, code, pointer);
  std::memcpy(out + wire::IcmpHeader::kSize, quoted.data(), quoted.size());
  const std::uint8_t protocol = v6 ? wire::kProtocolIcmpv6 : wire::kProtocolIcmp;
  wire::InternetSum sum;
  if (v6) sum = wire::pseudo_header_sum(arrival.destination, arrival.source, protocol, size);
  sum.add({out, size});
  wire::store_be16(out + 2, sum.checksum());
  resources_.counters.icmp_errors_sent.add();
  output_.send(std::move(message), {arrival.destination, arrival.source, protocol, 0});
}

}  // namespace sluice::ip
