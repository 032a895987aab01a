#include "http/balancing/maglev.h"

#include <utility>

namespace sluice::http {
namespace {

// So many places are looked at before chance decides: enough to meet a server of a tenth that are
// left, in all but one of a thousand cases.
constexpr int kTries = 64;

std::uint64_t again(std::uint64_t key) {
  return request_key(&key, sizeof key);
}

// A server in its slow start is given those keys first that have the smallest number here, and more
// and more of them.
bool begun(const Rotation& rotation, std::size_t index, std::uint64_t key, Instant now) {
  const std::uint32_t full = rotation.full_weight(index);
  const std::uint32_t weight = rotation.weight(index, now);
  return weight >= full || (key >> 32) % full < weight;
}

}  // namespace

std::shared_ptr<const MaglevTable> make_maglev_table(const Backend& backend) {
  std::vector<MaglevTable::Member> members;
  members.reserve(backend.servers.size());
  // Backups are in it like others: they are chosen only when none of those is fit.
  for (const Server& server : backend.servers) members.push_back({server.name, server.weight});
  return std::make_shared<const MaglevTable>(members);
}

void Maglev::adopt(const Rotation& rotation, const Backend& backend) {
  table_ = backend.maglev != nullptr ? backend.maglev : make_maglev_table(backend);
  lot_.adopt(rotation);
}

std::optional<std::size_t> Maglev::choose(Rotation& rotation, const Filter& filter,
                                          std::optional<std::uint64_t> key) {
  if (!key || table_->empty()) return lot_.draw(rotation, filter);
  std::uint64_t place = *key;
  for (int attempt = 0; attempt < kTries; ++attempt, place = again(place)) {
    const std::size_t index = table_->find(place);
    if (rotation.admits(index, filter) && begun(rotation, index, place, filter.now)) return index;
  }
  return lot_.draw(rotation, filter);
}

}  // namespace sluice::http
