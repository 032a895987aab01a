#pragma once

#include <algorithm>
#include <cstdint>

#include "dataplane/base/time.h"

namespace sluice::tcp {

/// The round-trip time and the retransmission timeout made from it (RFC 6298). Times are kept in
/// microseconds, in 32 bits.
class RoundTrip {
 public:
  /// Takes a measurement of an exchange that was not retransmitted (Karn's rule is the caller's).
  void sample(Duration measured);

  [[nodiscard]] bool measured() const { return smoothed_ != 0; }
  [[nodiscard]] Duration smoothed() const { return std::chrono::microseconds(smoothed_); }
  [[nodiscard]] Duration variation() const { return std::chrono::microseconds(variation_); }

  /// The timer expired although the answer was only late, after `measured`: RFC 4015 section 3.3.
  void on_spurious_timeout(Duration measured);
  /// Takes any measurement into account for minimum().
  void note_shortest(Duration measured, Instant now);
  /// The shortest round trip of the last minutes: what remains when no queue is on the path. Zero
  /// before any measurement.
  [[nodiscard]] Duration minimum() const { return std::chrono::microseconds(minimum_); }

  /// The timeout without back-off: `initial` before any measurement, else SRTT + 4 RTTVAR within
  /// [minimum, maximum].
  [[nodiscard]] Duration timeout(Duration initial, Duration minimum, Duration maximum) const {
    if (!measured()) return initial;
    return std::clamp<Duration>(smoothed() + 4 * variation(), minimum, maximum);
  }

 private:
  std::uint32_t smoothed_ = 0;
  std::uint32_t variation_ = 0;
  std::uint32_t minimum_ = 0;
  std::uint32_t minimum_at_ = 0;  // seconds
};

}  // namespace sluice::tcp
