#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "dataplane/wire/ip_address.h"

namespace sluice::http {

/// Who may connect to a frontend. Of the networks that an address is in, the smallest decides; one
/// that is both allowed and denied is denied. An address in none is denied if any network is
/// allowed, of whichever family, else allowed. Immutable.
///
/// The networks are cut into ranges that do not overlap, so that a look-up is a binary search,
/// however many there are and however deep they nest.
class AddressFilter {
 public:
  /// Bits behind a prefix's length do not count.
  AddressFilter(std::span<const wire::Prefix> allowed, std::span<const wire::Prefix> denied);

  [[nodiscard]] bool allows(const wire::IpAddress& address) const;

  /// Ranges in both families together.
  [[nodiscard]] std::size_t size() const { return v4_.size() + v6_.size(); }

 private:
  __extension__ using Number = unsigned __int128;

  struct Network {
    Number first;
    Number last;
    bool allowed;
  };
  // From `first` to the next one's.
  struct Range {
    Number first;
    bool allowed;
  };

  static Number number(const wire::IpAddress& address);
  static void add(std::span<const wire::Prefix> prefixes, bool allowed, std::vector<Network>& v4,
                  std::vector<Network>& v6);
  static std::vector<Range> flatten(std::vector<Network> networks, bool otherwise);

  std::vector<Range> v4_;  // sorted; the first begins at 0
  std::vector<Range> v6_;
};

}  // namespace sluice::http
