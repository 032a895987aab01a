#pragma once

#include <cstdint>

#include "dataplane/base/time.h"

namespace sluice::tcp {

/// When something was sent: an instant in ticks of 1.024 us, modulo 2^32. Comparisons and ages hold
/// for times less than 36 minutes apart, far longer than anything stays in flight unrepaired.
class SentTime {
 public:
  constexpr SentTime() = default;
  static constexpr SentTime of(Instant instant) {
    SentTime result;
    result.ticks_ = static_cast<std::uint32_t>(instant.time_since_epoch().count() >> kShift);
    return result;
  }

  /// How long ago this was, rounded to the tick.
  [[nodiscard]] constexpr Duration age(Instant now) const {
    return Duration(std::int64_t{of(now).ticks_ - ticks_} << kShift);
  }

  friend constexpr bool operator==(SentTime, SentTime) = default;
  friend constexpr bool operator<(SentTime a, SentTime b) {
    return static_cast<std::int32_t>(a.ticks_ - b.ticks_) < 0;
  }
  friend constexpr bool operator>(SentTime a, SentTime b) { return b < a; }

 private:
  static constexpr unsigned kShift = 10;
  std::uint32_t ticks_ = 0;
};

constexpr SentTime later_of(SentTime a, SentTime b) {
  return a < b ? b : a;
}
constexpr SentTime earlier_of(SentTime a, SentTime b) {
  return a < b ? a : b;
}

}  // namespace sluice::tcp
