#include "dataplane/ip/network.h"

#include <utility>

namespace sluice::ip {
namespace {

std::vector<Interface> make_interfaces(std::span<const InterfaceConfig> configs) {
  std::vector<Interface> interfaces;
  interfaces.reserve(configs.size());
  for (const InterfaceConfig& config : configs) {
    interfaces.emplace_back(InterfaceId(static_cast<std::uint16_t>(interfaces.size())), config);
  }
  return interfaces;
}

}  // namespace

Network::Network(std::span<const InterfaceConfig> interfaces, const Clock& clock,
                 TimerWheel& timers, PacketPool& pool, port::Link& link, const HashKey& key,
                 bool answers_neighbours, const Config& config)
    : resources_{clock, timers, pool, link, counters_, key},
      answers_(answers_neighbours),
      interfaces_(make_interfaces(interfaces)),
      addresses_(interfaces_),
      routes_(interfaces_, interfaces),
      neighbours_(resources_, interfaces_, *this),
      arp_(resources_, neighbours_, answers_neighbours),
      discovery_(resources_, neighbours_, answers_neighbours),
      reports_(timers),
      path_mtus_(clock, key),
      output_(resources_, interfaces_, addresses_, routes_, neighbours_, path_mtus_),
      icmp_(resources_, discovery_, output_, config),
      receiver_(resources_, interfaces_, addresses_, arp_, icmp_, config) {}

void Network::set_transport(Transport& transport) {
  reports_.set_transport(transport);
  icmp_.set_transport(transport);
  receiver_.set_transport(transport);
}

void Network::announce() {
  if (!answers_) return;
  for (const Interface& interface : interfaces_) {
    for (const wire::Prefix& subnet : interface.addresses()) {
      if (subnet.address.is_v4()) {
        arp_.announce(interface, subnet.address);
      } else {
        discovery_.announce(interface, subnet.address);
      }
    }
  }
}

void Network::receive(port::PortId port, std::span<Packet> frames) {
  receiver_.receive(port, frames);
}

void Network::port_went_down(port::PortId port) {
  neighbours_.forget(port);
}

std::optional<Path> Network::path_to(const wire::IpAddress& destination) {
  return output_.path_to(destination);
}

void Network::note_path_mtu(const wire::IpAddress& destination, std::uint16_t mtu) {
  path_mtus_.note(destination, mtu);
}

void Network::send_tcp(Packet segment, const wire::IpAddress& source,
                       const wire::IpAddress& destination, NextHop& next_hop, wire::Ecn ecn) {
  output_.send_tcp(std::move(segment), source, destination, next_hop, ecn);
}

bool Network::has_room(const NextHop& next_hop) {
  return output_.has_room(next_hop);
}

void Network::solicit(const Neighbour& neighbour) {
  const Interface& interface = interfaces_[neighbour.interface().index()];
  const bool known = neighbour.state() == NeighbourState::kProbe;
  if (neighbour.address().is_v4()) {
    if (known) {
      arp_.ask_one(interface, neighbour.port(), neighbour.address(), neighbour.mac());
    } else {
      arp_.ask_all(interface, neighbour.address());
    }
  } else if (known) {
    discovery_.ask_one(interface, neighbour.port(), neighbour.address(), neighbour.mac());
  } else {
    discovery_.ask_all(interface, neighbour.address());
  }
}

void Network::unresolved(Packet packet) {
  reports_.neighbour_unresolved(packet);
}

}  // namespace sluice::ip
