#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dataplane/base/id.h"
#include "dataplane/ip/interface_config.h"
#include "dataplane/port/link.h"
#include "dataplane/wire/ip_address.h"

namespace sluice::ip {

using InterfaceId = Id<struct InterfaceTag, std::uint16_t>;

/// An interface as the IP layer uses it. Immutable.
class Interface {
 public:
  /// Throws std::invalid_argument when the configuration has no port.
  Interface(InterfaceId id, const InterfaceConfig& config);

  [[nodiscard]] InterfaceId id() const { return id_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::span<const port::LinkProperties> ports() const { return ports_; }
  /// nullptr when the port is not one of this interface.
  [[nodiscard]] const port::LinkProperties* find_port(port::PortId port) const;
  /// Whether a frame with this source address is one of its own, come back.
  [[nodiscard]] bool has_mac(const wire::MacAddress& mac) const;
  /// Own addresses with their subnets; the link-local one is last.
  [[nodiscard]] std::span<const wire::Prefix> addresses() const { return addresses_; }
  /// Whether it takes part in IPv6.
  [[nodiscard]] bool serves_v6() const { return serves_v6_; }
  /// What every port can carry: the largest IP packet, bytes.
  [[nodiscard]] std::uint16_t mtu() const { return mtu_; }
  /// What every port can do.
  [[nodiscard]] const port::Offloads& offloads() const { return offloads_; }

  [[nodiscard]] bool has_address(const wire::IpAddress& address) const;
  /// Whether an address is in a subnet of this interface, or of link-local scope.
  [[nodiscard]] bool on_link(const wire::IpAddress& address) const;
  /// The own address to send from when the next hop is `next_hop`: the one in the same subnet, else
  /// one of the same family and scope. Nothing when there is none.
  [[nodiscard]] std::optional<wire::IpAddress> source_for(const wire::IpAddress& next_hop) const;

 private:
  InterfaceId id_;
  std::string name_;
  std::vector<port::LinkProperties> ports_;
  std::vector<wire::Prefix> addresses_;
  bool serves_v6_ = false;
  std::uint16_t mtu_;
  port::Offloads offloads_;
};

/// The directed broadcast address of an IPv4 subnet and its all-zeros form (RFC 1122 section
/// 3.2.1.3). Empty for IPv6 and for prefixes longer than 30 bits (RFC 3021).
std::vector<wire::IpAddress> broadcast_addresses(const wire::Prefix& subnet);

}  // namespace sluice::ip
