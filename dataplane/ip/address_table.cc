#include "dataplane/ip/address_table.h"

#include <bit>
#include <stdexcept>

#include "dataplane/wire/ndp.h"

namespace sluice::ip {
namespace {

std::vector<KnownAddress> addresses_of(const Interface& interface) {
  std::vector<KnownAddress> result;
  for (const wire::Prefix& subnet : interface.addresses()) {
    result.push_back({subnet.address, AddressKind::kOwn, interface.id()});
    if (subnet.address.is_v6()) {
      result.push_back({wire::solicited_node_address(subnet.address), AddressKind::kMulticast, {}});
    }
  }
  // Behind the own ones: an operator may give a host what would be a broadcast address.
  for (const wire::Prefix& subnet : interface.addresses()) {
    for (const wire::IpAddress& broadcast : broadcast_addresses(subnet)) {
      result.push_back({broadcast, AddressKind::kBroadcast, interface.id()});
    }
  }
  return result;
}

}  // namespace

AddressTable::AddressTable(std::span<const Interface> interfaces) {
  std::vector<KnownAddress> all;
  for (const Interface& interface : interfaces) {
    for (const KnownAddress& known : addresses_of(interface)) all.push_back(known);
  }
  all.push_back({wire::IpAddress::v4(255, 255, 255, 255), AddressKind::kBroadcast, {}});
  all.push_back({wire::IpAddress::v4(224, 0, 0, 1), AddressKind::kMulticast, {}});
  all.push_back({wire::all_nodes_address(), AddressKind::kMulticast, {}});
  slots_.resize(std::bit_ceil(all.size() * 4));
  for (const KnownAddress& known : all) insert(known);
}

std::size_t AddressTable::first_slot(const wire::IpAddress& address) const {
  return (std::hash<wire::IpAddress>{}(address) >> 32) & (slots_.size() - 1);
}

const KnownAddress* AddressTable::find(const wire::IpAddress& address) const {
  for (std::size_t i = first_slot(address); slots_[i].used; i = (i + 1) & (slots_.size() - 1)) {
    if (slots_[i].known.address == address) return &slots_[i].known;
  }
  return nullptr;
}

void AddressTable::insert(const KnownAddress& known) {
  std::size_t i = first_slot(known.address);
  while (slots_[i].used) {
    const KnownAddress& present = slots_[i].known;
    if (present.address == known.address) {
      if (present.kind == AddressKind::kOwn && known.kind == AddressKind::kOwn &&
          present.interface != known.interface && !known.address.is_link_local()) {
        throw std::invalid_argument("two interfaces have the address " + known.address.to_string());
      }
      return;
    }
    i = (i + 1) & (slots_.size() - 1);
  }
  slots_[i] = {known, true};
}

}  // namespace sluice::ip
