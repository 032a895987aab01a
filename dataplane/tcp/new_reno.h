#pragma once

#include <cstdint>

namespace sluice::tcp {

/// The congestion window by RFC 5681, with the initial window of RFC 6928 and appropriate byte
/// counting (RFC 3465). All sizes are in bytes. It decides how much may be in flight; which
/// segments are sent again is fast recovery's business.
class NewReno {
 public:
  /// Starts a connection whose sender sends segments of `segment_size`.
  void start(std::uint32_t segment_size);

  /// New data was acknowledged outside recovery. `limited`: whether the window was what held the
  /// sender back; an unused window does not grow (RFC 7661's concern).
  void on_acknowledged(std::uint32_t bytes, std::uint32_t segment_size, bool limited);

  /// A loss was found by duplicate ACKs with `in_flight` bytes outstanding.
  void on_loss(std::uint32_t in_flight, std::uint32_t segment_size);
  /// The retransmission timer expired for the first time in this episode.
  void on_timeout(std::uint32_t in_flight, std::uint32_t segment_size);
  /// It expired again, and again the window is one segment.
  void on_repeated_timeout(std::uint32_t segment_size) { window_ = segment_size; }

  /// What fast recovery does to the window: inflation by what has left the network, and its end.
  void set_window(std::uint32_t bytes) { window_ = bytes; }

  [[nodiscard]] std::uint32_t window() const { return window_; }
  [[nodiscard]] std::uint32_t threshold() const { return threshold_; }
  [[nodiscard]] bool in_slow_start() const { return window_ < threshold_; }

 private:
  std::uint32_t window_ = 0;
  std::uint32_t threshold_ = 0;
  std::uint32_t counted_ = 0;  // acknowledged in congestion avoidance since the last increase
};

}  // namespace sluice::tcp
