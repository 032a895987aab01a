#include "http/address_filter.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace sluice::http {

AddressFilter::AddressFilter(std::span<const wire::Prefix> allowed,
                             std::span<const wire::Prefix> denied) {
  std::vector<Network> v4;
  std::vector<Network> v6;
  add(allowed, true, v4, v6);
  add(denied, false, v4, v6);
  v4_ = flatten(std::move(v4), allowed.empty());
  v6_ = flatten(std::move(v6), allowed.empty());
}

bool AddressFilter::allows(const wire::IpAddress& address) const {
  const std::vector<Range>& ranges = address.is_v4() ? v4_ : v6_;
  const auto behind =
      std::upper_bound(ranges.begin(), ranges.end(), number(address),
                       [](Number value, const Range& range) { return value < range.first; });
  return std::prev(behind)->allowed;
}

// IPv4 addresses count from 0, not from where they are mapped to in IPv6.
AddressFilter::Number AddressFilter::number(const wire::IpAddress& address) {
  const auto& bytes = address.bytes();
  Number value = 0;
  for (std::size_t i = address.is_v4() ? 12 : 0; i < bytes.size(); ++i)
    value = value << 8 | bytes[i];
  return value;
}

void AddressFilter::add(std::span<const wire::Prefix> prefixes, bool allowed,
                        std::vector<Network>& v4, std::vector<Network>& v6) {
  for (const wire::Prefix& prefix : prefixes) {
    const bool is_v4 = prefix.address.is_v4();
    const unsigned host_bits = (is_v4 ? 32U : 128U) - prefix.length;
    const Number host_mask = host_bits == 128 ? ~Number{0} : (Number{1} << host_bits) - 1;
    const Number first = number(prefix.address) & ~host_mask;
    (is_v4 ? v4 : v6).push_back({first, first | host_mask, allowed});
  }
}

// Networks nest or lie apart. Walks them in order, with those that are open on a stack: where one
// ends, the one around it goes on.
std::vector<AddressFilter::Range> AddressFilter::flatten(std::vector<Network> networks,
                                                         bool otherwise) {
  // The larger first; of two that are equal, the one that denies last, so that it counts.
  std::sort(networks.begin(), networks.end(), [](const Network& a, const Network& b) {
    if (a.first != b.first) return a.first < b.first;
    if (a.last != b.last) return a.last > b.last;
    return a.allowed && !b.allowed;
  });
  std::vector<Range> ranges{{0, otherwise}};
  const auto go_on = [&ranges](Number first, bool allowed) {
    if (ranges.back().first == first) {
      ranges.back().allowed = allowed;
      if (ranges.size() > 1 && std::prev(ranges.end(), 2)->allowed == allowed) ranges.pop_back();
    } else if (ranges.back().allowed != allowed) {
      ranges.push_back({first, allowed});
    }
  };
  std::vector<Network> open;
  const auto close_until = [&](Number first, bool all) {
    while (!open.empty() && (all || open.back().last < first)) {
      const Number end = open.back().last;
      open.pop_back();
      if (end == std::numeric_limits<Number>::max()) continue;
      go_on(end + 1, open.empty() ? otherwise : open.back().allowed);
    }
  };
  for (const Network& network : networks) {
    close_until(network.first, false);
    go_on(network.first, network.allowed);
    open.push_back(network);
  }
  close_until(0, true);
  return ranges;
}

}  // namespace sluice::http
