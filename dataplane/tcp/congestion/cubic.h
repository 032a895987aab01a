#pragma once

#include <cstdint>

#include "dataplane/tcp/congestion/window_growth.h"

namespace sluice::tcp {

/// Congestion avoidance by CUBIC (RFC 9438): after a loss the window returns to where it was along
/// a cubic function of time, fast at first and slow near the old size, and then looks for more. It
/// never grows slower than Reno would.
class Cubic {
 public:
  /// The window after an ACK that found it used to the full.
  [[nodiscard]] std::uint32_t grow(std::uint32_t window, const WindowGrowth& growth);
  /// The slow-start threshold after a loss, or before a timeout.
  [[nodiscard]] std::uint32_t on_loss(std::uint32_t window, std::uint32_t in_flight);
  /// After a timeout the curve begins where slow start ends (section 4.8).
  void on_timeout() { restart_ = true; }
  /// The window is not used to the full for now: that time is not the curve's (section 5.8).
  void pause() { started_ = false; }

 private:
  void start(std::uint32_t window, const WindowGrowth& growth);
  [[nodiscard]] double curve_at(double seconds, std::uint32_t segment_size) const;

  bool started_ = false;             // the curve has a beginning
  bool restart_ = false;             // at the next window, wherever that was before
  std::uint32_t began_at_ = 0;       // ms
  std::uint32_t window_before_ = 0;  // cwnd_prior: before the latest reduction, bytes
  float top_ = 0;                    // W_max, bytes
  float time_to_top_ = 0;            // K, seconds
  double reno_ = 0;                  // W_est: what Reno's window would be, bytes
};

}  // namespace sluice::tcp
