#pragma once

#include "dataplane/ip/interface.h"
#include "dataplane/ip/neighbour_table.h"
#include "dataplane/ip/resources.h"
#include "dataplane/wire/arp.h"

namespace sluice::ip {

/// ARP (RFC 826) on one worker: every worker learns from what it hears, one answers.
class Arp {
 public:
  Arp(const Resources& resources, NeighbourTable& neighbours, bool answers)
      : resources_(resources), neighbours_(neighbours), answers_(answers) {}

  /// An ARP packet, without its Ethernet header, from a port of `interface`.
  void receive(const Interface& interface, const port::LinkProperties& link, wire::Bytes bytes);

  /// Asks for a neighbour's address, with a request to all hosts on all ports of the interface.
  void ask_all(const Interface& interface, const wire::IpAddress& target);
  /// Asks a neighbour whether it is still there.
  void ask_one(const Interface& interface, port::PortId port, const wire::IpAddress& target,
               const wire::MacAddress& mac);
  /// Tells all hosts an own address (RFC 5227 section 2.3: an ARP announcement) on all ports.
  void announce(const Interface& interface, const wire::IpAddress& address);

 private:
  void learn(const Interface& interface, const port::LinkProperties& link,
             const wire::ArpPacket& packet);
  void answer(const port::LinkProperties& link, const wire::ArpPacket& request);
  void send(const port::LinkProperties& link, const wire::MacAddress& destination,
            const wire::ArpPacket& packet);

  Resources resources_;
  NeighbourTable& neighbours_;
  bool answers_;
};

}  // namespace sluice::ip
