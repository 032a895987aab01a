#include "dataplane/ip/interface.h"

#include <algorithm>
#include <stdexcept>

#include "dataplane/wire/ndp.h"

namespace sluice::ip {
namespace {

constexpr std::uint8_t kLinkLocalPrefix = 64;

bool is_v6_link_local(const wire::IpAddress& address) {
  return address.is_v6() && address.is_link_local();
}

}  // namespace

Interface::Interface(InterfaceId id, const InterfaceConfig& config)
    : id_(id), name_(config.name), ports_(config.ports), addresses_(config.addresses) {
  if (ports_.empty()) throw std::invalid_argument("interface " + name_ + " has no port");
  mtu_ = ports_.front().mtu;
  offloads_ = ports_.front().offloads;
  for (const port::LinkProperties& link : ports_) {
    mtu_ = std::min(mtu_, link.mtu);
    offloads_ = offloads_.intersect(link.offloads);
  }
  serves_v6_ = std::ranges::any_of(
      addresses_, [](const wire::Prefix& subnet) { return subnet.address.is_v6(); });
  const wire::IpAddress link_local = wire::link_local_address(ports_.front().mac);
  if (serves_v6_ && !has_address(link_local)) addresses_.push_back({link_local, kLinkLocalPrefix});
}

const port::LinkProperties* Interface::find_port(port::PortId port) const {
  const auto found = std::ranges::find(ports_, port, &port::LinkProperties::port);
  return found == ports_.end() ? nullptr : &*found;
}

bool Interface::has_mac(const wire::MacAddress& mac) const {
  return std::ranges::find(ports_, mac, &port::LinkProperties::mac) != ports_.end();
}

bool Interface::has_address(const wire::IpAddress& address) const {
  return std::ranges::find(addresses_, address, &wire::Prefix::address) != addresses_.end();
}

bool Interface::on_link(const wire::IpAddress& address) const {
  if (is_v6_link_local(address)) return serves_v6_;
  return std::ranges::any_of(addresses_,
                             [&](const wire::Prefix& subnet) { return subnet.contains(address); });
}

std::optional<wire::IpAddress> Interface::source_for(const wire::IpAddress& next_hop) const {
  const bool link_local = is_v6_link_local(next_hop);
  const wire::Prefix* best = nullptr;
  for (const wire::Prefix& subnet : addresses_) {
    if (subnet.address.is_v4() != next_hop.is_v4()) continue;
    if (is_v6_link_local(subnet.address) != link_local) continue;
    if (subnet.contains(next_hop)) return subnet.address;
    if (best == nullptr) best = &subnet;
  }
  return best == nullptr ? std::nullopt : std::optional(best->address);
}

std::vector<wire::IpAddress> broadcast_addresses(const wire::Prefix& subnet) {
  constexpr std::uint8_t kLongestWithBroadcast = 30;
  if (subnet.address.is_v6() || subnet.length > kLongestWithBroadcast) return {};
  const std::uint32_t address = wire::load_be32(subnet.address.v4_bytes());
  const std::uint32_t host_bits =
      subnet.length == 0 ? 0xffffffffU : (std::uint32_t{1} << (32 - subnet.length)) - 1;
  std::vector<wire::IpAddress> result;
  for (const std::uint32_t value : {address | host_bits, address & ~host_bits}) {
    std::uint8_t bytes[4];
    wire::store_be32(bytes, value);
    result.push_back(wire::IpAddress::v4(bytes));
  }
  return result;
}

}  // namespace sluice::ip
