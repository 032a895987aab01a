#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "dataplane/base/time.h"

namespace sluice::load {

/// A stretch of an offered load: the rate goes in a straight line from one value to another.
struct RateStep {
  double from = 0;  ///< per second
  double to = 0;    ///< per second
  Duration length{};
};

/// When the next of an open loop is due: decided by the offered rate alone, never by how fast the
/// server answers. Constant spacing, or exponential (Poisson arrivals). Behind the last step its
/// final rate goes on.
class Arrivals {
 public:
  /// `share` of the steps' rates (0 to 1) is this worker's; `phase` (0 to 1) moves its arrivals by
  /// that part of their distance, so that workers do not start at the same instants. Steps are
  /// counted from `begin`; a step without length is a jump.
  Arrivals(std::vector<RateStep> steps, double share, double phase, bool poisson,
           std::uint64_t seed, Instant begin);

  /// When the next one is due; kNever when the rate stays zero.
  [[nodiscard]] Instant next() const { return next_; }
  /// Goes on to the one after it.
  void advance();

 private:
  void find_next(double distance);

  std::vector<RateStep> steps_;  // of this worker's rate
  bool poisson_;
  std::mt19937_64 random_;
  Instant step_begin_;
  std::size_t step_ = 0;
  double in_step_ = 0;  // arrivals since the step's begin, as a real number
  Instant next_ = kNever;
};

}  // namespace sluice::load
