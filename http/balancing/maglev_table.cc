#include "http/balancing/maglev_table.h"

#include <algorithm>

#include "dataplane/base/keyed_hash.h"

namespace sluice::http {
namespace {

// No secrets: every machine must come to the same table and the same places.
constexpr HashKey kRequestKey{0x736c75696365, 1};
constexpr HashKey kOffsetKey{0x736c75696365, 2};
constexpr HashKey kStepKey{0x736c75696365, 3};

// Primes, so that every step reaches every place. With 100 places for each server their shares
// differ by about a hundredth.
constexpr std::uint32_t kSizes[] = {4099, 16411, 65537, 262147, 1048583, 4194319, 16777259};
constexpr std::size_t kPlacesPerMember = 100;

std::uint32_t size_for(std::size_t members) {
  for (const std::uint32_t size : kSizes) {
    if (size >= members * kPlacesPerMember) return size;
  }
  return kSizes[std::size(kSizes) - 1];
}

// The places in the order in which one member wants them.
struct Preference {
  Preference(const MaglevTable::Member& member, std::uint32_t size)
      : next(keyed_hash(kOffsetKey, member.name.data(), member.name.size()) % size),
        step(keyed_hash(kStepKey, member.name.data(), member.name.size()) % (size - 1) + 1) {}

  std::uint64_t next;
  std::uint64_t step;
  std::uint64_t credit = 0;
};

constexpr std::uint32_t kFree = ~std::uint32_t{0};

}  // namespace

MaglevTable::MaglevTable(const std::vector<Member>& members) {
  std::uint32_t heaviest = 0;
  for (const Member& member : members) heaviest = std::max(heaviest, member.weight);
  if (heaviest == 0) return;
  const std::uint32_t size = size_for(members.size());
  places_.assign(size, kFree);
  // By name: whose turn comes first must not depend on how they are listed.
  std::vector<std::uint32_t> order(members.size());
  for (std::uint32_t index = 0; index < order.size(); ++index) order[index] = index;
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return members[a].name < members[b].name; });
  std::vector<Preference> preferences;
  preferences.reserve(members.size());
  for (const Member& member : members) preferences.emplace_back(member, size);
  for (std::uint32_t taken = 0; taken < size;) {
    for (const std::uint32_t index : order) {
      Preference& wish = preferences[index];
      wish.credit += members[index].weight;
      if (wish.credit < heaviest) continue;
      wish.credit -= heaviest;
      while (places_[wish.next] != kFree) wish.next = (wish.next + wish.step) % size;
      places_[wish.next] = index;
      if (++taken == size) break;
    }
  }
}

std::uint64_t request_key(const void* data, std::size_t size) {
  return keyed_hash(kRequestKey, data, size);
}

}  // namespace sluice::http
