#include "dataplane/tcp/round_trip.h"

namespace sluice::tcp {
namespace {

// Long enough to see the path without a queue, short enough to follow a change of route.
constexpr std::uint32_t kMinimumKeptFor = 300;  // seconds

std::uint32_t to_microseconds(Duration measured) {
  constexpr std::int64_t kLongest = 600'000'000;  // ten minutes: more is a broken clock
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(measured).count(), 1, kLongest));
}

}  // namespace

// RFC 6298 section 2, with alpha = 1/8 and beta = 1/4.
void RoundTrip::sample(Duration measured) {
  const std::uint32_t now = to_microseconds(measured);
  if (smoothed_ == 0) {
    smoothed_ = now;
    variation_ = now / 2;
    return;
  }
  const std::uint32_t deviation = now > smoothed_ ? now - smoothed_ : smoothed_ - now;
  variation_ = variation_ - variation_ / 4 + deviation / 4;
  smoothed_ = std::max(smoothed_ - smoothed_ / 8 + now / 8, 1U);
}

void RoundTrip::on_spurious_timeout(Duration measured) {
  const std::uint32_t time = to_microseconds(measured);
  smoothed_ = std::max(smoothed_, time);
  variation_ = std::max(variation_, time / 2);
}

void RoundTrip::note_shortest(Duration measured, Instant now) {
  const std::uint32_t time = to_microseconds(measured);
  // In units of 2^30 ns, about a second: a shift instead of a division for each ACK.
  const auto seconds = static_cast<std::uint32_t>(now.time_since_epoch().count() >> 30);
  if (minimum_ != 0 && time > minimum_ && seconds - minimum_at_ < kMinimumKeptFor) return;
  minimum_ = time;
  minimum_at_ = seconds;
}

}  // namespace sluice::tcp
