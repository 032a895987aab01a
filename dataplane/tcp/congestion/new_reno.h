#pragma once

#include <algorithm>
#include <cstdint>

#include "dataplane/tcp/congestion/window_growth.h"

namespace sluice::tcp {

/// Congestion avoidance by RFC 5681 with appropriate byte counting (RFC 3465): one segment more for
/// each window that is acknowledged, half of what is in flight after a loss.
class NewReno {
 public:
  /// The window after an ACK that found it used to the full.
  [[nodiscard]] std::uint32_t grow(std::uint32_t window, const WindowGrowth& growth) {
    counted_ += growth.acknowledged;
    if (counted_ < window) return window;
    counted_ -= window;
    return window + growth.segment_size;
  }
  /// The slow-start threshold after a loss, or before a timeout.
  [[nodiscard]] std::uint32_t on_loss(std::uint32_t /*window*/, std::uint32_t in_flight) {
    counted_ = 0;
    return in_flight / 2;
  }
  void on_timeout() { counted_ = 0; }
  /// The window is not used to the full for now.
  void pause() {}

 private:
  std::uint32_t counted_ = 0;  // acknowledged since the window grew
};

}  // namespace sluice::tcp
