#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/load/results.h"
#include "bench/load/settings.h"
#include "bench/load/statistics.h"
#include "dataplane/base/time.h"

namespace sluice::load {

/// A stretch of a load, usually a second: what came in it, and how things stood at its end.
struct Moment {
  double end = 0;        ///< seconds since the load began
  double length = 0;     ///< seconds
  double due = 0;        ///< a second, by the schedule of an open loop
  double done = 0;       ///< a second
  double body_bits = 0;  ///< a second
  std::array<std::uint64_t, kFailures> failures{};
  std::uint64_t in_flight = 0;
  std::uint64_t open = 0;
  std::uint64_t retransmissions = 0;
  std::uint64_t drops = 0;  ///< by the own ports, in both directions
  double own_load = 0;      ///< 0 to 1
  Duration p50{};           ///< of the total latency, like what follows
  Duration p99{};
  Duration p999{};
  Duration largest{};

  /// What came between two looks at a load. `end` and `length` in seconds.
  static Moment between(const Results& before, const Results& now, Mode mode, double end,
                        double length);
};

/// A load as it went on. Keeps a bounded number of moments: when there are too many, neighbours
/// become one, with the larger of their latencies. A moment much shorter than the one before joins
/// it: its rates would be noise.
class Timeline {
 public:
  static constexpr std::size_t kMost = 3600;

  void add(const Moment& moment);
  [[nodiscard]] const std::vector<Moment>& moments() const { return moments_; }

 private:
  void halve();

  std::vector<Moment> moments_;
  std::size_t additions_each_ = 1;  // additions that the latest moment is made of, at most
  std::size_t in_last_ = 0;         // additions it is made of
};

}  // namespace sluice::load
