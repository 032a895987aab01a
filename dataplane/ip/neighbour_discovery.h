#pragma once

#include "dataplane/ip/arrival.h"
#include "dataplane/ip/interface.h"
#include "dataplane/ip/neighbour_table.h"
#include "dataplane/ip/resources.h"
#include "dataplane/wire/bytes.h"

namespace sluice::ip {

/// IPv6 neighbour discovery (RFC 4861) on one worker: every worker learns from what it hears, one
/// answers. Router discovery, redirects and duplicate address detection are not part of it:
/// addresses and routes are configured.
class NeighbourDiscovery {
 public:
  NeighbourDiscovery(const Resources& resources, NeighbourTable& neighbours, bool answers)
      : resources_(resources), neighbours_(neighbours), answers_(answers) {}

  /// ICMPv6 messages whose checksum is good.
  void receive_solicitation(const Arrival& arrival, wire::Bytes message);
  void receive_advertisement(const Arrival& arrival, wire::Bytes message);

  /// Asks for a neighbour's address, through its solicited-node group on all ports of the
  /// interface.
  void ask_all(const Interface& interface, const wire::IpAddress& target);
  /// Asks a neighbour whether it is still there.
  void ask_one(const Interface& interface, port::PortId port, const wire::IpAddress& target,
               const wire::MacAddress& mac);
  /// Tells all hosts an own address (RFC 4861 section 7.2.6) on all ports.
  void announce(const Interface& interface, const wire::IpAddress& address);

 private:
  void answer(const Arrival& arrival, const wire::IpAddress& target,
              const std::optional<wire::MacAddress>& asker);
  void advertise(const port::LinkProperties& link, const wire::IpAddress& target,
                 const wire::IpAddress& destination, const wire::MacAddress& mac, bool solicited);
  void solicit(const port::LinkProperties& link, const wire::IpAddress& source,
               const wire::IpAddress& destination, const wire::MacAddress& mac,
               const wire::IpAddress& target);

  Resources resources_;
  NeighbourTable& neighbours_;
  bool answers_;
};

}  // namespace sluice::ip
