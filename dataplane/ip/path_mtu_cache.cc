#include "dataplane/ip/path_mtu_cache.h"

#include <algorithm>

namespace sluice::ip {

std::size_t PathMtuCache::index_of(const wire::IpAddress& destination) const {
  return keyed_hash(key_, destination.bytes().data(), destination.bytes().size()) % kSets;
}

std::uint16_t PathMtuCache::limit(const wire::IpAddress& destination, std::uint16_t mtu) const {
  for (const Entry& entry : sets_[index_of(destination)]) {
    if (holds(entry, destination)) return std::min(mtu, entry.mtu);
  }
  return mtu;
}

void PathMtuCache::note(const wire::IpAddress& destination, std::uint16_t mtu) {
  Set& set = sets_[index_of(destination)];
  auto* place = std::find_if(set.begin(), set.end(),
                             [&](const Entry& entry) { return holds(entry, destination); });
  if (place == set.end()) {
    place = std::min_element(set.begin(), set.end(),
                             [](const Entry& a, const Entry& b) { return a.until < b.until; });
  } else if (place->mtu < mtu) {
    return;
  }
  *place = {destination, clock_.now() + kLifetime, mtu};
}

}  // namespace sluice::ip
