#pragma once

#include <array>

namespace sluice::load {

/// What is told of every latency.
inline constexpr std::array<double, 6> kPercentiles{50, 75, 90, 99, 99.9, 99.99};

}  // namespace sluice::load
