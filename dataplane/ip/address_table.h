#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/ip/interface.h"
#include "dataplane/wire/ip_address.h"

namespace sluice::ip {

enum class AddressKind : std::uint8_t {
  kOwn,        ///< a unicast address of this host
  kBroadcast,  ///< of one of its subnets, or of all
  kMulticast,  ///< a group this host listens to
};

struct KnownAddress {
  wire::IpAddress address;
  AddressKind kind = AddressKind::kOwn;
  InterfaceId interface;  ///< not valid for an address that belongs to all of them
};

/// The addresses that mean something to this host, found in constant time: every received packet
/// is held against it. Immutable once made.
class AddressTable {
 public:
  /// Throws std::invalid_argument when two interfaces share an address other than a link-local one.
  explicit AddressTable(std::span<const Interface> interfaces);

  /// nullptr for an address that is not this host's.
  [[nodiscard]] const KnownAddress* find(const wire::IpAddress& address) const;
  [[nodiscard]] bool owns(const wire::IpAddress& address) const {
    const KnownAddress* known = find(address);
    return known != nullptr && known->kind == AddressKind::kOwn;
  }

 private:
  struct Slot {
    KnownAddress known;
    bool used = false;
  };

  void insert(const KnownAddress& known);
  [[nodiscard]] std::size_t first_slot(const wire::IpAddress& address) const;

  std::vector<Slot> slots_;  // linear probing, a power of two, at most a quarter used
};

}  // namespace sluice::ip
