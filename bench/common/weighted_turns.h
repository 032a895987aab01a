#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::bench {

/// Indices in an order in which each comes as often as its weight says, well mixed (smooth weighted
/// round robin). The sum of the weights is the number of turns.
std::vector<std::uint32_t> weighted_turns(std::span<const std::uint32_t> weights);

}  // namespace sluice::bench
