#include "dataplane/ip/route_table.h"

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace sluice::ip {

RouteTable::RouteTable(std::span<const Interface> interfaces,
                       std::span<const InterfaceConfig> configs) {
  for (std::size_t i = 0; i < interfaces.size(); ++i) {
    for (const wire::Prefix& subnet : interfaces[i].addresses()) {
      if (subnet.address.is_v6() && subnet.address.is_link_local()) continue;
      entries_.push_back({subnet, interfaces[i].id(), {}});
    }
    for (const StaticRoute& route : configs[i].routes) add_static(interfaces[i], route);
  }
  std::ranges::stable_sort(entries_, std::greater{},
                           [](const Entry& entry) { return entry.destination.length; });
}

void RouteTable::add_static(const Interface& interface, const StaticRoute& route) {
  if (route.gateway.is_v4() != route.destination.address.is_v4()) {
    throw std::invalid_argument("the gateway " + route.gateway.to_string() + " and its route " +
                                route.destination.to_string() + " are of different families");
  }
  if (!interface.on_link(route.gateway) || interface.has_address(route.gateway)) {
    throw std::invalid_argument("the gateway " + route.gateway.to_string() +
                                " is not a neighbour on interface " + interface.name());
  }
  entries_.push_back({route.destination, interface.id(), route.gateway});
}

std::optional<Route> RouteTable::find(const wire::IpAddress& destination) const {
  for (const Entry& entry : entries_) {
    if (!entry.destination.contains(destination)) continue;
    return Route{entry.interface, entry.gateway.value_or(destination)};
  }
  return {};
}

}  // namespace sluice::ip
