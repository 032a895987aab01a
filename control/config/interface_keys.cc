#include "control/config/key_sections.h"

namespace sluice::control {
namespace {

Section<StaticRouteConfig> static_route_section(const std::shared_ptr<Atlas>& atlas) {
  Section<StaticRouteConfig> section(atlas, "[[interface.route]]",
                                     "A network that is reached through a gateway of its own.");
  using C = StaticRouteConfig;
  section.required("to", located(prefix()), &C::destination, "The network.")
      .required("via", located(ip_address()), &C::gateway,
                "The gateway, in one of the interface's own networks.");
  return section;
}

}  // namespace

Section<InterfaceConfig> interface_section(const std::shared_ptr<Atlas>& atlas) {
  Section<InterfaceConfig> section(atlas, "[[interface]]",
                                   "An IP presence over one or more ports.");
  const auto route = static_route_section(atlas);
  using C = InterfaceConfig;
  section
      .required("name", located(name()), &C::name,
                "A name of your choice, for messages and statistics.")
      .required("ports", list(text("device")), &C::ports,
                "The devices it is attached to; several are one network, as on a switch.")
      .required("address", list(prefix()), &C::addresses,
                "Its addresses, each with its network's prefix length.")
      .key("gateway", list(ip_address()), &C::gateways,
           "The default gateway, at most one for IPv4 and one for IPv6.")
      .key("route", table_list(route), &C::routes, "Networks behind other gateways.")
      .key("mtu", located(integer(576, 9216, "the port's")), &C::mtu,
           "The largest IP packet, bytes. IPv6 needs at least 1280.");
  return section;
}

}  // namespace sluice::control
