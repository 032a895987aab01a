#pragma once

#include <optional>
#include <span>
#include <vector>

#include "dataplane/ip/interface.h"
#include "dataplane/wire/ip_address.h"

namespace sluice::ip {

/// Where a packet goes next.
struct Route {
  InterfaceId interface;
  wire::IpAddress next_hop;  ///< the destination itself, or a gateway
};

/// Routes of both families by longest prefix: the subnets of the interfaces and the static routes.
/// Made for an end host's handful of them: a lookup is a scan, and connections remember its result.
/// Link-local IPv6 destinations are not in it: they mean nothing without their interface.
class RouteTable {
 public:
  /// Throws std::invalid_argument when a gateway is not on its interface's link, or not of its
  /// destination's family.
  RouteTable(std::span<const Interface> interfaces, std::span<const InterfaceConfig> configs);

  [[nodiscard]] std::optional<Route> find(const wire::IpAddress& destination) const;

 private:
  struct Entry {
    wire::Prefix destination;
    InterfaceId interface;
    std::optional<wire::IpAddress> gateway;
  };

  void add_static(const Interface& interface, const StaticRoute& route);

  std::vector<Entry> entries_;  // longest prefix first; IPv4 and IPv6 never match each other
};

}  // namespace sluice::ip
