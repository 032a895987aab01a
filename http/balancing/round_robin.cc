#include "http/balancing/round_robin.h"

namespace sluice::http {

void RoundRobin::adopt(const Rotation& rotation, const Backend& /*backend*/) {
  credit_.assign(rotation.size(), 0);
  if (rotation.uniform() || rotation.size() == 0) return;
  // Workers that began alike would all give the heaviest server their first turn at once.
  credit_[start_ % rotation.size()] = Rotation::kOneWeight;
}

std::optional<std::size_t> RoundRobin::choose(Rotation& rotation, const Filter& filter,
                                              std::optional<std::uint64_t> /*key*/) {
  return rotation.uniform() ? choose_in_turn(rotation, filter) : choose_by_weight(rotation, filter);
}

std::optional<std::size_t> RoundRobin::choose_in_turn(const Rotation& rotation,
                                                      const Filter& filter) {
  const std::size_t count = rotation.size();
  for (std::size_t step = 0; step < count; ++step) {
    const std::size_t index = (next_ + step) % count;
    if (!rotation.admits(index, filter)) continue;
    next_ = index + 1;
    return index;
  }
  return std::nullopt;
}

std::optional<std::size_t> RoundRobin::choose_by_weight(const Rotation& rotation,
                                                        const Filter& filter) {
  std::optional<std::size_t> best;
  std::int64_t sum = 0;
  for (std::size_t index = 0; index < rotation.size(); ++index) {
    if (!rotation.admits(index, filter)) continue;
    const auto weight = static_cast<std::int64_t>(rotation.weight(index, filter.now));
    credit_[index] += weight;
    sum += weight;
    if (!best || credit_[index] > credit_[*best]) best = index;
  }
  if (best) credit_[*best] -= sum;
  return best;
}

}  // namespace sluice::http
