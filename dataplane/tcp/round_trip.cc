#include "dataplane/tcp/round_trip.h"

namespace sluice::tcp {

// RFC 6298 section 2, with alpha = 1/8 and beta = 1/4.
void RoundTrip::sample(Duration measured) {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  constexpr std::int64_t kLongest = 600'000'000;  // ten minutes: more is a broken clock
  const auto now = static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(duration_cast<microseconds>(measured).count(), 1, kLongest));
  if (smoothed_ == 0) {
    smoothed_ = now;
    variation_ = now / 2;
    return;
  }
  const std::uint32_t deviation = now > smoothed_ ? now - smoothed_ : smoothed_ - now;
  variation_ = variation_ - variation_ / 4 + deviation / 4;
  smoothed_ = std::max(smoothed_ - smoothed_ / 8 + now / 8, 1U);
}

}  // namespace sluice::tcp
