#include "bench/common/weighted_turns.h"

#include <algorithm>
#include <numeric>

namespace sluice::bench {

std::vector<std::uint32_t> weighted_turns(std::span<const std::uint32_t> weights) {
  const auto total = std::accumulate(weights.begin(), weights.end(), std::int64_t{0});
  std::vector<std::int64_t> credit(weights.size(), 0);
  std::vector<std::uint32_t> turns;
  for (std::int64_t turn = 0; turn < total; ++turn) {
    for (std::size_t i = 0; i < weights.size(); ++i) credit[i] += weights[i];
    const auto best = std::ranges::max_element(credit) - credit.begin();
    credit[static_cast<std::size_t>(best)] -= total;
    turns.push_back(static_cast<std::uint32_t>(best));
  }
  return turns;
}

}  // namespace sluice::bench
