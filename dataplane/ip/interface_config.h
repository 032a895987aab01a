#pragma once

#include <string>
#include <vector>

#include "dataplane/port/link.h"
#include "dataplane/wire/ip_address.h"

namespace sluice::ip {

/// What lies behind a gateway. The default route is to 0.0.0.0/0 or ::/0.
struct StaticRoute {
  wire::Prefix destination;
  wire::IpAddress gateway;  ///< of the same family; on the link of the interface
};

/// An IP presence over one or more ports.
struct InterfaceConfig {
  std::string name;
  std::vector<port::LinkProperties> ports;
  /// Own addresses, each with the length of its subnet's prefix. An interface with an IPv6 address
  /// has a link-local one as well, made of its first port's MAC address.
  std::vector<wire::Prefix> addresses;
  std::vector<StaticRoute> routes;
};

}  // namespace sluice::ip
