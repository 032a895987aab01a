#include "dataplane/ip/input.h"

#include "dataplane/wire/ip_protocol.h"
#include "dataplane/wire/ipv4.h"

namespace sluice::ip {
namespace {

bool drop(Counter& reason) {
  reason.add();
  return false;
}

// The port says "bad", "good" or "good, though the field is not" (as between a host and its guest);
// only when it says nothing is the sum made here.
bool header_checksum_is_good(const rte_mbuf& mbuf, const wire::Ipv4Header& header) {
  const std::uint64_t verdict = mbuf.ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;
  if (verdict == RTE_MBUF_F_RX_IP_CKSUM_UNKNOWN) return header.checksum_verifies();
  return verdict != RTE_MBUF_F_RX_IP_CKSUM_BAD;
}

// "This network" and the reserved block are nobody's address (RFC 1122 section 3.2.1.3, RFC 6890).
bool is_impossible_v4_source(const wire::IpAddress& source) {
  const std::uint8_t first = source.v4_bytes()[0];
  return first == 0 || first == 127 || first >= 224;
}

// An IPv4-mapped address is never on the wire (RFC 4291 section 2.5.5.2 gives it no such use), and
// would pass for IPv4 here.
bool is_impossible_v6_source(const wire::IpAddress& source) {
  return source.is_multicast() || source.is_loopback() || source.is_v4();
}

// Fills in what both families know of a destination; false when it is not this host's.
bool accept_destination(const AddressTable& addresses, Arrival& arrival) {
  const KnownAddress* known = addresses.find(arrival.destination);
  if (known == nullptr) return false;
  if (known->kind != AddressKind::kOwn) {
    arrival.to_group = true;
    return true;
  }
  // A link-local address is this host's on its own link alone.
  return !(arrival.destination.is_v6() && arrival.destination.is_link_local()) ||
         arrival.interface->has_address(arrival.destination);
}

}  // namespace

bool check_ipv4(const Packet& packet, const AddressTable& addresses, Counters& counters,
                Arrival& arrival) {
  const auto header = wire::Ipv4Header::parse(packet.front(), packet.size());
  if (!header) return drop(counters.ip_malformed);
  if (!header_checksum_is_good(*packet.get(), *header)) return drop(counters.ip_bad_checksum);
  arrival.source = header->source();
  arrival.destination = header->destination();
  arrival.protocol = header->protocol();
  arrival.hop_limit = header->ttl();
  arrival.traffic_class = header->traffic_class();
  arrival.payload_offset = static_cast<std::uint16_t>(header->size());
  arrival.end = header->total_length();
  if (!accept_destination(addresses, arrival)) return drop(counters.ip_not_ours);
  if (is_impossible_v4_source(arrival.source) || addresses.find(arrival.source) != nullptr) {
    return drop(counters.ip_bad_source);
  }
  if (header->size() != wire::Ipv4Header::kMinimumSize && header->has_source_route()) {
    return drop(counters.ip_source_route);
  }
  arrival.fragment = header->is_fragment();
  return true;
}

bool check_ipv6(const Packet& packet, const AddressTable& addresses, Counters& counters,
                Arrival& arrival) {
  const auto header = wire::Ipv6Header::parse(packet.front(), packet.size());
  if (!header) return drop(counters.ip_malformed);
  arrival.source = header->source();
  arrival.destination = header->destination();
  arrival.hop_limit = header->hop_limit();
  arrival.traffic_class = header->traffic_class();
  arrival.end = static_cast<std::uint32_t>(header->total_length());
  if (arrival.destination.is_v4() || !accept_destination(addresses, arrival)) {
    return drop(counters.ip_not_ours);
  }
  if (is_impossible_v6_source(arrival.source) || addresses.find(arrival.source) != nullptr) {
    return drop(counters.ip_bad_source);
  }
  return true;
}

wire::Ipv6Payload check_extensions(const Packet& packet, Counters& counters, Arrival& arrival) {
  const auto header = wire::Ipv6Header::parse_quoted(packet.front());
  const wire::Ipv6Payload found = wire::Ipv6Payload::find(*header, packet.front());
  using Outcome = wire::Ipv6Payload::Outcome;
  if (found.outcome != Outcome::kFound && found.outcome != Outcome::kFragment) {
    counters.ip_extension.add();
  }
  arrival.protocol = found.protocol;
  arrival.payload_offset = static_cast<std::uint16_t>(found.offset);
  return found;
}

}  // namespace sluice::ip
