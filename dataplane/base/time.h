#pragma once

#include <chrono>
#include <cstdint>

namespace sluice {

/// A length of time, in nanoseconds.
using Duration = std::chrono::nanoseconds;

/// The time line every worker lives on: nanoseconds since the process (or the simulation) began.
/// It never goes backwards and has no relation to the time of day.
struct Timeline {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<Timeline, Duration>;
  static constexpr bool is_steady = true;  // NOLINT(readability-identifier-naming): a standard name
};

/// A point in time on the worker's time line.
using Instant = Timeline::time_point;

/// Later than any deadline: what an unset deadline compares as.
inline constexpr Instant kNever = Instant::max();

/// The time as of the latest reading. A worker reads the hardware once a loop and everything in
/// that loop sees the same instant; a test or a simulation advances it by hand.
class Clock {
 public:
  [[nodiscard]] Instant now() const { return now_; }

  /// Moves time on. An earlier instant than the present one is ignored.
  void advance_to(Instant instant) {
    if (instant > now_) now_ = instant;
  }
  void advance_by(Duration step) { advance_to(now_ + step); }

 private:
  Instant now_{};
};

}  // namespace sluice
