#include "dataplane/ip/neighbour_discovery.h"

#include <optional>
#include <utility>

#include "dataplane/wire/checksum.h"
#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/ip_protocol.h"
#include "dataplane/wire/ipv6.h"
#include "dataplane/wire/ndp.h"

namespace sluice::ip {
namespace {

struct Envelope {
  wire::MacAddress mac;  // the destination's
  wire::IpAddress source;
  wire::IpAddress destination;
};

// `Message` is one of the two of wire/ndp.h.
template <typename Message>
void send_message(const Resources& resources, const port::LinkProperties& link,
                  const Envelope& envelope, const Message& message) {
  constexpr std::size_t kHeaders = wire::EthernetHeader::kSize + wire::Ipv6Header::kSize;
  Packet frame = resources.pool.allocate();
  std::uint8_t* out = frame ? frame.append(kHeaders + Message::kSize) : nullptr;
  if (out == nullptr) {
    resources.counters.send_no_buffer.add();
    return;
  }
  wire::write_ethernet_header(out, envelope.mac, link.mac, wire::kEtherIpv6);
  wire::write_ipv6_header(out + wire::EthernetHeader::kSize,
                          {Message::kSize, wire::kProtocolIcmpv6, wire::kNdpHopLimit, 0,
                           envelope.source, envelope.destination});
  std::uint8_t* body = out + kHeaders;
  message.write(body);
  wire::InternetSum sum = wire::pseudo_header_sum(envelope.source, envelope.destination,
                                                  wire::kProtocolIcmpv6, Message::kSize);
  sum.add({body, Message::kSize});
  wire::store_be16(body + 2, sum.checksum());
  resources.link.transmit(link.port, std::move(frame));
}

bool can_be_learnt(const Interface& interface, const wire::IpAddress& address,
                   const std::optional<wire::MacAddress>& mac) {
  return mac && !mac->is_multicast() && *mac != wire::MacAddress{} && interface.on_link(address);
}

}  // namespace

void NeighbourDiscovery::receive_solicitation(const Arrival& arrival, wire::Bytes message) {
  const auto solicitation = wire::NeighbourSolicitation::parse(
      message, arrival.source, arrival.destination, arrival.hop_limit);
  if (!solicitation) {
    resources_.counters.ndp_invalid.add();
    return;
  }
  const Interface& interface = *arrival.interface;
  const bool for_us = solicitation->target.is_v6() && interface.has_address(solicitation->target);
  if (!for_us) return;
  if (!arrival.source.is_unspecified() &&
      can_be_learnt(interface, arrival.source, solicitation->source_mac)) {
    neighbours_.learn(
        {interface.id(), arrival.link->port, arrival.source, *solicitation->source_mac}, true);
  }
  answer(arrival, solicitation->target, solicitation->source_mac);
}

// A solicitation without a source comes from one who tests the address for himself.
void NeighbourDiscovery::answer(const Arrival& arrival, const wire::IpAddress& target,
                                const std::optional<wire::MacAddress>& asker) {
  if (!answers_) return;
  resources_.counters.ndp_answered.add();
  if (arrival.source.is_unspecified()) {
    const wire::IpAddress all = wire::all_nodes_address();
    advertise(*arrival.link, target, all, wire::multicast_mac(all), false);
  } else {
    const bool usable = asker && !asker->is_multicast();
    advertise(*arrival.link, target, arrival.source, usable ? *asker : arrival.sender_mac, true);
  }
}

void NeighbourDiscovery::receive_advertisement(const Arrival& arrival, wire::Bytes message) {
  const auto advertisement =
      wire::NeighbourAdvertisement::parse(message, arrival.destination, arrival.hop_limit);
  if (!advertisement || advertisement->target.is_v4()) {
    resources_.counters.ndp_invalid.add();
    return;
  }
  const Interface& interface = *arrival.interface;
  if (interface.has_address(advertisement->target)) {
    if (!interface.has_mac(arrival.sender_mac)) resources_.counters.address_conflict.add();
    return;
  }
  if (!advertisement->target_mac) {
    neighbours_.confirm_without_address(interface.id(), advertisement->target,
                                        advertisement->solicited);
  } else if (can_be_learnt(interface, advertisement->target, advertisement->target_mac)) {
    neighbours_.confirm(
        {interface.id(), arrival.link->port, advertisement->target, *advertisement->target_mac},
        advertisement->solicited, advertisement->override_cache);
  }
}

void NeighbourDiscovery::ask_all(const Interface& interface, const wire::IpAddress& target) {
  const auto source = interface.source_for(target);
  if (!source) return;
  const wire::IpAddress group = wire::solicited_node_address(target);
  for (const port::LinkProperties& link : interface.ports()) {
    solicit(link, *source, group, wire::multicast_mac(group), target);
  }
}

void NeighbourDiscovery::ask_one(const Interface& interface, port::PortId port,
                                 const wire::IpAddress& target, const wire::MacAddress& mac) {
  const auto source = interface.source_for(target);
  const port::LinkProperties* link = interface.find_port(port);
  if (source && link != nullptr) solicit(*link, *source, target, mac, target);
}

void NeighbourDiscovery::announce(const Interface& interface, const wire::IpAddress& address) {
  const wire::IpAddress all = wire::all_nodes_address();
  for (const port::LinkProperties& link : interface.ports()) {
    advertise(link, address, all, wire::multicast_mac(all), false);
  }
}

void NeighbourDiscovery::advertise(const port::LinkProperties& link, const wire::IpAddress& target,
                                   const wire::IpAddress& destination, const wire::MacAddress& mac,
                                   bool solicited) {
  wire::NeighbourAdvertisement advertisement;
  advertisement.target = target;
  advertisement.target_mac = link.mac;
  advertisement.solicited = solicited;
  advertisement.override_cache = true;
  send_message(resources_, link, {mac, target, destination}, advertisement);
}

void NeighbourDiscovery::solicit(const port::LinkProperties& link, const wire::IpAddress& source,
                                 const wire::IpAddress& destination, const wire::MacAddress& mac,
                                 const wire::IpAddress& target) {
  resources_.counters.solicitations_sent.add();
  send_message(resources_, link, {mac, source, destination},
               wire::NeighbourSolicitation{target, link.mac});
}

}  // namespace sluice::ip
