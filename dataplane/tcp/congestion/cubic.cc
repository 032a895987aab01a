#include "dataplane/tcp/congestion/cubic.h"

#include <algorithm>
#include <cmath>

namespace sluice::tcp {
namespace {

// RFC 9438 section 4.1: beta_cubic, and C in segments a second cubed.
constexpr double kReduction = 0.7;
constexpr double kAggressiveness = 0.4;
// Section 4.3: with this growth Reno's average window is the same under the milder reduction.
constexpr double kRenoGrowth = 3 * (1 - kReduction) / (1 + kReduction);

std::uint32_t milliseconds(Instant instant) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(instant.time_since_epoch()).count());
}

}  // namespace

// Section 4.6 and, for flows that have to give way to new ones, section 4.7.
std::uint32_t Cubic::on_loss(std::uint32_t window, std::uint32_t in_flight) {
  const auto size = static_cast<float>(window);
  const bool below_the_last_top = size < top_;
  top_ = below_the_last_top ? size * static_cast<float>((1 + kReduction) / 2) : size;
  window_before_ = window;
  started_ = false;
  restart_ = false;
  return static_cast<std::uint32_t>(in_flight * kReduction);
}

// Section 4.2. K is so that the curve begins at the present window.
void Cubic::start(std::uint32_t window, const WindowGrowth& growth) {
  const auto size = static_cast<float>(window);
  if (restart_) top_ = size;
  top_ = std::max(top_, size);
  const double segments_to_top = (static_cast<double>(top_) - window) / growth.segment_size;
  time_to_top_ = static_cast<float>(std::cbrt(segments_to_top / kAggressiveness));
  reno_ = window;
  began_at_ = milliseconds(growth.now);
  started_ = true;
  restart_ = false;
}

double Cubic::curve_at(double seconds, std::uint32_t segment_size) const {
  const double from_top = seconds - static_cast<double>(time_to_top_);
  return kAggressiveness * from_top * from_top * from_top * segment_size +
         static_cast<double>(top_);
}

std::uint32_t Cubic::grow(std::uint32_t window, const WindowGrowth& growth) {
  if (!started_) start(window, growth);
  const double seconds = (milliseconds(growth.now) - began_at_) / 1e3;
  const double acknowledged_windows =
      std::min(1.0, static_cast<double>(growth.acknowledged) / window);
  // Section 4.3: once it is where it was before the loss, Reno grows by a segment a round trip.
  reno_ += (reno_ < window_before_ ? kRenoGrowth : 1) * acknowledged_windows * growth.segment_size;
  if (curve_at(seconds, growth.segment_size) < reno_) {
    return std::max(window, static_cast<std::uint32_t>(reno_));
  }
  // Sections 4.4 and 4.5: towards where the curve is a round trip from now, at most half as much
  // again.
  const double ahead = seconds + std::chrono::duration<double>(growth.round_trip).count();
  const double target = std::clamp<double>(curve_at(ahead, growth.segment_size), window,
                                           1.5 * static_cast<double>(window));
  return window + static_cast<std::uint32_t>((target - window) * acknowledged_windows);
}

}  // namespace sluice::tcp
