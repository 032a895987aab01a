#include "http/balancing/least_connections.h"

namespace sluice::http {

std::optional<std::size_t> LeastConnections::choose(Rotation& rotation, const Filter& filter,
                                                    std::optional<std::uint64_t> /*key*/) {
  rotation.note_others(filter.now);
  const std::size_t count = rotation.size();
  std::optional<std::size_t> best;
  std::uint64_t best_load = 0;
  std::uint64_t best_weight = 1;
  for (std::size_t step = 0; step < count; ++step) {
    const std::size_t index = (next_ + step) % count;
    if (!rotation.admits(index, filter)) continue;
    // One more than it has: of idle servers the heavier are the better.
    const std::uint64_t load = rotation.noted_load(index) + 1;
    const std::uint64_t weight = rotation.weight(index, filter.now);
    if (best && load * best_weight >= best_load * weight) continue;
    best = index;
    best_load = load;
    best_weight = weight;
  }
  if (best) next_ = *best + 1;
  return best;
}

}  // namespace sluice::http
