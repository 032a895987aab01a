#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "control/config/checks.h"
#include "control/config/wording.h"
#include "dataplane/port/device_name.h"

namespace sluice::control {
namespace {

using wire::Endpoint;
using wire::IpAddress;
using wire::Prefix;

constexpr std::uint32_t kLeastMtu6 = 1280;  // RFC 8200 section 5

unsigned bits(const IpAddress& address) {
  return address.is_v4() ? 32 : 128;
}

// The address with the bits behind the prefix all `fill`.
IpAddress with_host_bits(const Prefix& prefix, bool fill) {
  std::array<std::uint8_t, 16> bytes = prefix.address.bytes();
  const unsigned first = prefix.length + (prefix.address.is_v4() ? 96U : 0U);
  for (unsigned bit = first; bit < 128; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80U >> (bit % 8));
    const std::uint8_t cleared = bytes[bit / 8] & static_cast<std::uint8_t>(~mask);
    bytes[bit / 8] = fill ? cleared | mask : cleared;
  }
  return prefix.address.is_v4() ? IpAddress::v4(bytes.data() + 12) : IpAddress::v6(bytes.data());
}

bool overlap(const Prefix& a, const Prefix& b) {
  return a.length <= b.length ? a.contains(b.address) : b.contains(a.address);
}

// Why a host cannot have this address, or "".
std::string_view not_a_host(const IpAddress& address) {
  if (address.is_unspecified()) return "is no host's address";
  if (address.is_multicast() || address.is_limited_broadcast()) {
    return "is not the address of one host";
  }
  if (address.is_loopback()) return "is a loopback address, which no network carries";
  return {};
}

class NetworkChecks {
 public:
  NetworkChecks(const Config& config, Diagnostics& problems)
      : config_(config), problems_(problems) {}

  void run() {
    for (const InterfaceConfig& interface : config_.interfaces) check_interface(interface);
    check_networks_apart();
    for (const FrontendConfig& frontend : config_.frontends) {
      for (const auto& bind : frontend.bind) check_bind(frontend, bind);
      if (frontend.bind.empty()) problems_.error(frontend.at, "'bind' must not be an empty list");
    }
    for (const BackendConfig& backend : config_.backends) {
      if (backend.servers.empty()) {
        problems_.error(backend.at, "'server' must not be an empty list");
      }
      for (const ServerConfig& server : backend.servers) check_server(server);
    }
  }

 private:
  void check_interface(const InterfaceConfig& interface) {
    check_ports(interface);
    bool v6 = false;
    for (const auto& address : interface.addresses) {
      check_address(interface, address);
      v6 = v6 || address.value.address.is_v6();
    }
    if (interface.addresses.empty()) {
      problems_.error(interface.at, "'address' must not be an empty list");
    }
    if (v6 && interface.mtu.value != 0 && interface.mtu.value < kLeastMtu6) {
      problems_.error(interface.mtu.at, "'mtu' must be at least 1280 where there is IPv6");
    }
    for (const auto& gateway : interface.gateways) {
      check_next_hop(interface, gateway, "gateway");
      check_default(gateway);
    }
    for (const StaticRouteConfig& route : interface.routes) check_route(interface, route);
  }

  void check_ports(const InterfaceConfig& interface) {
    if (interface.ports.empty()) {
      problems_.error(interface.at, "'ports' must not be an empty list");
    }
    for (const auto& port : interface.ports) {
      try {
        check_port(port);
      } catch (const port::DeviceNameError& fault) {
        problems_.error(port.at, std::string("'ports' ") + fault.what());
      }
    }
  }

  void check_port(const Located<std::string>& port) {
    const port::DeviceName device = port::parse_device_name(port.value);
    const std::string identity = std::string(to_string(device.kind)) + ":" + device.target + "#" +
                                 std::to_string(device.memif_id);
    const auto [first, is_new] = ports_.emplace(identity, port.at);
    // A ring has two ends.
    if (is_new || (device.kind == port::DeviceKind::kRing && ring_ends_.insert(identity).second)) {
      return;
    }
    problems_.error(port.at,
                    "device \"" + port.value + "\" is in use already" + on_line(first->second));
  }

  void check_address(const InterfaceConfig& interface, const Located<Prefix>& given) {
    const Prefix& prefix = given.value;
    const std::string shown = in_quotes(prefix.to_string());
    if (const auto why = not_a_host(prefix.address); !why.empty()) {
      problems_.error(given.at, shown + " " + std::string(why));
      return;
    }
    if (prefix.length == 0) {
      problems_.error(given.at, shown +
                                    " would make the whole internet a local network; give "
                                    "the network's prefix length");
      return;
    }
    const bool has_network_address = prefix.length + 2U <= bits(prefix.address);
    if (has_network_address && prefix.address == with_host_bits(prefix, false)) {
      problems_.error(given.at, shown +
                                    " is the network itself; give the interface's address in "
                                    "it");
    } else if (has_network_address && prefix.address.is_v4() &&
               prefix.address == with_host_bits(prefix, true)) {
      problems_.error(given.at, shown + " is the network's broadcast address");
    }
    const auto [first, is_new] = own_.emplace(prefix.address.to_string(), given.at);
    if (is_new) {
      networks_.push_back({&given, &interface});
      return;
    }
    problems_.error(given.at,
                    "address " + first->first + " is given twice" + on_line(first->second));
  }

  // Two interfaces with the same network: which one leads to a host in it?
  void check_networks_apart() {
    for (std::size_t later = 1; later < networks_.size(); ++later) {
      const auto& [b, b_owner] = networks_[later];
      for (std::size_t earlier = 0; earlier < later; ++earlier) {
        const auto& [a, a_owner] = networks_[earlier];
        if (a_owner == b_owner || a->value.address.is_link_local()) continue;
        if (!overlap(a->value, b->value)) continue;
        problems_.error(b->at, "the network of '" + b->value.to_string() +
                                   "' is also that of interface '" + a_owner->name.value + "'" +
                                   on_line(a->at));
      }
    }
  }

  static bool on_link(const InterfaceConfig& interface, const IpAddress& address) {
    if (address.is_v6() && address.is_link_local()) return true;
    return std::any_of(interface.addresses.begin(), interface.addresses.end(),
                       [&](const auto& own) { return own.value.contains(address); });
  }

  [[nodiscard]] bool own(const IpAddress& address) const {
    return own_.count(address.to_string()) != 0;
  }

  void check_next_hop(const InterfaceConfig& interface, const Located<IpAddress>& gateway,
                      const std::string& key) {
    const std::string shown = in_quotes(gateway.value.to_string());
    if (const auto why = not_a_host(gateway.value); !why.empty()) {
      problems_.error(gateway.at, shown + " " + std::string(why));
    } else if (own(gateway.value)) {
      problems_.error(gateway.at, "'" + key + "' is this interface's own address");
    } else if (!on_link(interface, gateway.value)) {
      problems_.error(gateway.at, "'" + key + "' " + gateway.value.to_string() +
                                      " is in none of the networks of interface '" +
                                      interface.name.value + "'");
    }
  }

  void check_default(const Located<IpAddress>& gateway) {
    auto& first = gateway.value.is_v4() ? default4_ : default6_;
    if (first.line == 0) {
      first = gateway.at;
      return;
    }
    const std::string family = gateway.value.is_v4() ? "IPv4" : "IPv6";
    problems_.error(gateway.at, "there is another default gateway for " + family + on_line(first) +
                                    "; other gateways need an [[interface.route]]");
  }

  void check_route(const InterfaceConfig& interface, const StaticRouteConfig& route) {
    const Prefix& to = route.destination.value;
    if (to.address.is_v4() != route.gateway.value.is_v4()) {
      problems_.error(route.at, "'to' and 'via' must both be IPv4 or both IPv6");
      return;
    }
    const IpAddress network = with_host_bits(to, false);
    if (!(network == to.address)) {
      problems_.error(route.destination.at, "'to' must be a network: '" +
                                                Prefix{network, to.length}.to_string() +
                                                "', not '" + to.to_string() + "'");
    }
    const auto [first, is_new] =
        routes_.emplace(Prefix{network, to.length}.to_string(), route.destination.at);
    if (!is_new) {
      problems_.error(route.destination.at,
                      "there is another route to " + first->first + on_line(first->second));
    }
    check_next_hop(interface, route.gateway, "via");
  }

  void check_bind(const FrontendConfig& frontend, const Located<Endpoint>& bind) {
    const IpAddress& address = bind.value.address;
    if (address.is_unspecified()) {
      const bool any = std::any_of(
          config_.interfaces.begin(), config_.interfaces.end(), [&](const auto& interface) {
            return std::any_of(
                interface.addresses.begin(), interface.addresses.end(),
                [&](const auto& given) { return given.value.address.is_v4() == address.is_v4(); });
          });
      if (!any) {
        problems_.error(bind.at, "'bind' " + bind.value.to_string() +
                                     " listens nowhere: no interface has an " +
                                     (address.is_v4() ? "IPv4" : "IPv6") + " address");
      }
    } else if (!own(address)) {
      problems_.error(bind.at, "'bind' " + bind.value.to_string() +
                                   ": no interface has the address " + address.to_string());
    }
    for (const auto& [other, owner] : binds_) {
      if (other->value.port != bind.value.port || other->value.address.is_v4() != address.is_v4()) {
        continue;
      }
      const bool same = other->value.address == address;
      if (!same && !address.is_unspecified() && !other->value.address.is_unspecified()) continue;
      problems_.error(
          bind.at, "'bind' " + bind.value.to_string() +
                       (same ? " is taken by" : " overlaps " + other->value.to_string() + " of") +
                       " frontend '" + owner->name.value + "'" + on_line(other->at));
    }
    binds_.emplace_back(&bind, &frontend);
  }

  void check_server(const ServerConfig& server) {
    const IpAddress& address = server.address.value.address;
    const std::string shown = "server " + server.address.value.to_string();
    if (const auto why = not_a_host(address); !why.empty()) {
      problems_.error(server.address.at,
                      shown + ": " + address.to_string() + " " + std::string(why));
    } else if (own(address)) {
      problems_.error(server.address.at,
                      shown + ": " + address.to_string() + " is Sluice's own address");
    } else if (!reachable(address)) {
      problems_.error(
          server.address.at,
          shown + ": no interface's network, route or gateway leads to " + address.to_string());
    }
  }

  [[nodiscard]] bool reachable(const IpAddress& address) const {
    return std::any_of(config_.interfaces.begin(), config_.interfaces.end(),
                       [&](const InterfaceConfig& interface) {
                         return on_link(interface, address) ||
                                std::any_of(interface.gateways.begin(), interface.gateways.end(),
                                            [&](const auto& gateway) {
                                              return gateway.value.is_v4() == address.is_v4();
                                            }) ||
                                std::any_of(interface.routes.begin(), interface.routes.end(),
                                            [&](const StaticRouteConfig& route) {
                                              return route.destination.value.contains(address);
                                            });
                       });
  }

  const Config& config_;
  Diagnostics& problems_;
  std::map<std::string, Position> ports_;
  std::set<std::string> ring_ends_;
  std::map<std::string, Position> own_;
  std::vector<std::pair<const Located<Prefix>*, const InterfaceConfig*>> networks_;
  std::map<std::string, Position> routes_;
  Position default4_;
  Position default6_;
  std::vector<std::pair<const Located<Endpoint>*, const FrontendConfig*>> binds_;
};

}  // namespace

void check_network(const Config& config, Diagnostics& problems) {
  NetworkChecks(config, problems).run();
}

}  // namespace sluice::control
