#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bench/load/results.h"
#include "dataplane/base/time.h"

namespace sluice::load {

/// What a load must not exceed to count as a good one.
struct Bounds {
  double failed_share = 0;  ///< of what was begun: 0.001 allows one in a thousand
  /// Percentiles of the total latency and what they may be at most.
  std::vector<std::pair<double, Duration>> latencies;
  double least_rate = 0;  ///< done a second

  /// Which are broken, a line for each; empty when none is. `rate` is what was done a second.
  [[nodiscard]] std::vector<std::string> broken(const Results& results, Mode mode,
                                                double rate) const;
};

/// Reads "p99=5ms" or "p99.9=20ms". Throws std::invalid_argument.
std::pair<double, Duration> parse_latency_bound(const std::string& text);

/// "95.3us", "1.20ms", "3.00s".
std::string format_latency(Duration time);

}  // namespace sluice::load
