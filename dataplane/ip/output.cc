#include "dataplane/ip/output.h"

#include <utility>

#include "dataplane/ip/packet_edit.h"
#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/ip_protocol.h"
#include "dataplane/wire/ipv4.h"
#include "dataplane/wire/ipv6.h"

namespace sluice::ip {
namespace {

bool is_v6_link_local(const wire::IpAddress& address) {
  return address.is_v6() && address.is_link_local();
}

bool is_host(const wire::IpAddress& address) {
  return !address.is_unspecified() && !address.is_multicast() && !address.is_loopback() &&
         !address.is_limited_broadcast();
}

bool wants_offload(const rte_mbuf& mbuf) {
  return (mbuf.ol_flags & (RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_TCP_SEG)) != 0;
}

// A port that segments writes the IPv4 checksum of every segment; else to write it costs no more
// than to ask for it.
void describe_v4(rte_mbuf& mbuf, std::uint8_t* header) {
  const bool segmented = (mbuf.ol_flags & RTE_MBUF_F_TX_TCP_SEG) != 0;
  if (!segmented) wire::finish_ipv4_checksum(header);
  if (!wants_offload(mbuf)) return;
  mbuf.ol_flags |= RTE_MBUF_F_TX_IPV4 | (segmented ? RTE_MBUF_F_TX_IP_CKSUM : 0);
  mbuf.l2_len = wire::EthernetHeader::kSize;
  mbuf.l3_len = wire::Ipv4Header::kMinimumSize;
}

void describe_v6(rte_mbuf& mbuf) {
  if (!wants_offload(mbuf)) return;
  mbuf.ol_flags |= RTE_MBUF_F_TX_IPV6;
  mbuf.l2_len = wire::EthernetHeader::kSize;
  mbuf.l3_len = wire::Ipv6Header::kSize;
}

bool prepend_v4(Packet& packet, const OutgoingHeader& header) {
  const auto size = static_cast<std::uint16_t>(packet.size() + wire::Ipv4Header::kMinimumSize);
  std::uint8_t* out = packet.prepend(wire::Ipv4Header::kMinimumSize);
  if (out == nullptr) return false;
  wire::write_ipv4_header(out, {size, header.protocol, Output::kHopLimit, header.traffic_class,
                                header.source, header.destination});
  describe_v4(*packet.get(), out);
  return true;
}

bool prepend_v6(Packet& packet, const OutgoingHeader& header) {
  const auto size = static_cast<std::uint16_t>(packet.size());
  std::uint8_t* out = packet.prepend(wire::Ipv6Header::kSize);
  if (out == nullptr) return false;
  wire::write_ipv6_header(out, {size, header.protocol, Output::kHopLimit, header.traffic_class,
                                header.source, header.destination});
  describe_v6(*packet.get());
  return true;
}

// A port that segments takes what fits an IP length field.
bool fits(const Packet& payload, std::size_t header_size, const Interface& interface) {
  constexpr std::size_t kLargest = 65535;
  const bool segmented = (payload.get()->ol_flags & RTE_MBUF_F_TX_TCP_SEG) != 0;
  return payload.size() + header_size <= (segmented ? kLargest : interface.mtu());
}

}  // namespace

std::optional<Path> Output::path_to(const wire::IpAddress& destination) {
  if (!is_host(destination) || addresses_.find(destination) != nullptr) return {};
  const auto way =
      is_v6_link_local(destination) ? link_local_route(destination) : routes_.find(destination);
  if (!way) return {};
  const Interface& interface = interfaces_[way->interface.index()];
  // Behind a gateway known by its link-local address, the source still has to be one that the
  // destination can answer.
  const bool wider = is_v6_link_local(way->next_hop) && !is_v6_link_local(destination);
  const auto source = interface.source_for(wider ? destination : way->next_hop);
  if (!source) return {};
  return Path{*source, interface.mtu(), path_mtus_.limit(destination, interface.mtu()),
              interface.offloads()};
}

void Output::send_tcp(Packet segment, const wire::IpAddress& source,
                      const wire::IpAddress& destination, NextHop& next_hop, wire::Ecn ecn) {
  Neighbour* neighbour = neighbours_.noted(next_hop);
  if (neighbour == nullptr) {
    neighbour = next_neighbour(source, destination);
    if (neighbour == nullptr) return;
    next_hop = NeighbourTable::note(*neighbour);
  }
  emit(*neighbour, std::move(segment),
       {source, destination, wire::kProtocolTcp, static_cast<std::uint8_t>(ecn)});
}

bool Output::has_room(const NextHop& next_hop) const {
  const Neighbour* neighbour = neighbours_.noted(next_hop);
  return neighbour == nullptr || !neighbour->port().valid() ||
         resources_.link.has_room(neighbour->port());
}

void Output::send(Packet payload, const OutgoingHeader& header) {
  Neighbour* neighbour = next_neighbour(header.source, header.destination);
  if (neighbour != nullptr) emit(*neighbour, std::move(payload), header);
}

void Output::emit(Neighbour& neighbour, Packet payload, const OutgoingHeader& header) {
  const Interface& interface = interfaces_[neighbour.interface().index()];
  const bool v4 = header.destination.is_v4();
  if (!fits(payload, v4 ? wire::Ipv4Header::kMinimumSize : wire::Ipv6Header::kSize, interface)) {
    resources_.counters.send_too_big.add();
    return;
  }
  const bool whole = payload.contiguous() || interface.offloads().multi_segment ||
                     flatten(payload, resources_.pool);
  if (!whole || !(v4 ? prepend_v4(payload, header) : prepend_v6(payload, header))) {
    resources_.counters.send_no_buffer.add();
    return;
  }
  neighbours_.send(neighbour, std::move(payload));
}

bool Output::prepare_way(const wire::IpAddress& destination) {
  const auto path = path_to(destination);
  if (!path) return true;
  const Neighbour* neighbour = next_neighbour(path->source, destination);
  return neighbour == nullptr || neighbour->state() != NeighbourState::kIncomplete;
}

// nullptr, counted, when there is no way.
Neighbour* Output::next_neighbour(const wire::IpAddress& source,
                                  const wire::IpAddress& destination) {
  if (addresses_.owns(destination)) {
    resources_.counters.send_to_self.add();
    return nullptr;
  }
  const bool possible = is_host(destination) && addresses_.find(destination) == nullptr;
  const auto way = possible ? route(source, destination) : std::nullopt;
  if (!way) {
    resources_.counters.send_no_route.add();
    return nullptr;
  }
  return &neighbours_.resolve(way->interface, way->next_hop);
}

// The interface of a link-local destination is the one its source address belongs to.
std::optional<Route> Output::route(const wire::IpAddress& source,
                                   const wire::IpAddress& destination) const {
  if (!is_v6_link_local(destination)) return routes_.find(destination);
  const KnownAddress* own = addresses_.find(source);
  if (own == nullptr || !own->interface.valid()) return {};
  return Route{own->interface, destination};
}

// Without a source to tell the interface, it is the one where the neighbour has been heard of, else
// the first that serves IPv6.
std::optional<Route> Output::link_local_route(const wire::IpAddress& destination) {
  const Interface* first = nullptr;
  for (const Interface& interface : interfaces_) {
    if (!interface.serves_v6()) continue;
    if (neighbours_.find(interface.id(), destination) != nullptr) {
      return Route{interface.id(), destination};
    }
    if (first == nullptr) first = &interface;
  }
  if (first == nullptr) return {};
  return Route{first->id(), destination};
}

}  // namespace sluice::ip
