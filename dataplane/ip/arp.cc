#include "dataplane/ip/arp.h"

#include <utility>

#include "dataplane/wire/ethernet.h"

namespace sluice::ip {
namespace {

// A probe (RFC 5227 section 2.1) has no sender address: it is answered, and nothing is learnt.
bool can_be_learnt(const Interface& interface, const wire::IpAddress& address) {
  return !address.is_unspecified() && !address.is_multicast() && interface.on_link(address);
}

bool is_host(const wire::MacAddress& mac) {
  return !mac.is_multicast() && mac != wire::MacAddress{};
}

}  // namespace

void Arp::receive(const Interface& interface, const port::LinkProperties& link, wire::Bytes bytes) {
  const auto packet = wire::ArpPacket::parse(bytes);
  if (!packet || !is_host(packet->sender_mac)) {
    resources_.counters.arp_malformed.add();
    return;
  }
  if (interface.has_address(packet->sender_ip)) {
    if (!interface.has_mac(packet->sender_mac)) resources_.counters.address_conflict.add();
    return;
  }
  if (can_be_learnt(interface, packet->sender_ip)) learn(interface, link, *packet);
  if (packet->operation == wire::kArpRequest && interface.has_address(packet->target_ip)) {
    answer(link, *packet);
  }
}

// RFC 826: what is known is brought up to date by any packet; what is not, only by one for us.
void Arp::learn(const Interface& interface, const port::LinkProperties& link,
                const wire::ArpPacket& packet) {
  const NeighbourReport report{interface.id(), link.port, packet.sender_ip, packet.sender_mac};
  const bool for_us = interface.has_address(packet.target_ip);
  const Neighbour* known = neighbours_.find(interface.id(), packet.sender_ip);
  const bool awaited = known != nullptr && (known->state() == NeighbourState::kIncomplete ||
                                            known->state() == NeighbourState::kProbe);
  if (packet.operation == wire::kArpReply && for_us && awaited) {
    neighbours_.confirm(report, true, true);
  } else {
    neighbours_.learn(report, for_us);
  }
}

void Arp::answer(const port::LinkProperties& link, const wire::ArpPacket& request) {
  if (!answers_) return;
  resources_.counters.arp_answered.add();
  send(link, request.sender_mac,
       {wire::kArpReply, link.mac, request.target_ip, request.sender_mac, request.sender_ip});
}

void Arp::ask_all(const Interface& interface, const wire::IpAddress& target) {
  const auto source = interface.source_for(target);
  if (!source) return;
  for (const port::LinkProperties& link : interface.ports()) {
    resources_.counters.solicitations_sent.add();
    send(link, wire::kBroadcastMac, {wire::kArpRequest, link.mac, *source, {}, target});
  }
}

void Arp::ask_one(const Interface& interface, port::PortId port, const wire::IpAddress& target,
                  const wire::MacAddress& mac) {
  const auto source = interface.source_for(target);
  const port::LinkProperties* link = interface.find_port(port);
  if (!source || link == nullptr) return;
  resources_.counters.solicitations_sent.add();
  send(*link, mac, {wire::kArpRequest, link->mac, *source, {}, target});
}

void Arp::announce(const Interface& interface, const wire::IpAddress& address) {
  for (const port::LinkProperties& link : interface.ports()) {
    send(link, wire::kBroadcastMac, {wire::kArpRequest, link.mac, address, {}, address});
  }
}

void Arp::send(const port::LinkProperties& link, const wire::MacAddress& destination,
               const wire::ArpPacket& packet) {
  Packet frame = resources_.pool.allocate();
  if (!frame) {
    resources_.counters.send_no_buffer.add();
    return;
  }
  std::uint8_t* out = frame.append(wire::EthernetHeader::kSize + wire::ArpPacket::kSize);
  wire::write_ethernet_header(out, destination, link.mac, wire::kEtherArp);
  packet.write(out + wire::EthernetHeader::kSize);
  resources_.link.transmit(link.port, std::move(frame));
}

}  // namespace sluice::ip
