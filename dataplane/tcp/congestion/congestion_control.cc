#include "dataplane/tcp/congestion/congestion_control.h"

#include <algorithm>

namespace sluice::tcp {

std::uint32_t initial_window(std::uint32_t segment_size) {
  return std::min(10 * segment_size, std::max(2 * segment_size, 14600U));
}

std::string_view to_string(CongestionAlgorithm algorithm) {
  return algorithm == CongestionAlgorithm::kNewReno ? "newreno" : "cubic";
}

void CongestionControl::start(CongestionAlgorithm algorithm, std::uint32_t segment_size) {
  window_ = initial_window(segment_size);
  threshold_ = kLargestWindow;
  if (algorithm == CongestionAlgorithm::kNewReno) {
    algorithm_.emplace<NewReno>();
  } else {
    algorithm_.emplace<Cubic>();
  }
}

void CongestionControl::on_acknowledged(const WindowGrowth& growth,
                                        std::uint32_t slow_start_bytes) {
  if (in_slow_start()) {
    window_ += slow_start_bytes;
  } else {
    window_ =
        std::visit([&](auto& algorithm) { return algorithm.grow(window_, growth); }, algorithm_);
  }
  window_ = std::min(window_, kLargestWindow);
}

void CongestionControl::on_unused() {
  std::visit([](auto& algorithm) { algorithm.pause(); }, algorithm_);
}

// RFC 5681 section 3.1: what was in flight counts, which is less than the window when there was
// little to send, and more while limited transmit goes beyond it.
void CongestionControl::on_loss(std::uint32_t in_flight, std::uint32_t segment_size) {
  in_flight = std::min(in_flight, window_);
  const std::uint32_t reduced = std::visit(
      [&](auto& algorithm) { return algorithm.on_loss(window_, in_flight); }, algorithm_);
  threshold_ = std::max(reduced, 2 * segment_size);
  window_ = threshold_;
}

void CongestionControl::on_timeout(std::uint32_t in_flight, std::uint32_t segment_size) {
  on_loss(in_flight, segment_size);
  std::visit([](auto& algorithm) { algorithm.on_timeout(); }, algorithm_);
  window_ = segment_size;
}

void CongestionControl::restore(const CongestionControl& before, std::uint32_t window) {
  threshold_ =
      window < before.window_ ? std::max(before.threshold_, before.window_) : before.threshold_;
  window_ = window;
  algorithm_ = before.algorithm_;
}

// The threshold remembers most of the window (RFC 2861 section 3.1), so that slow start returns to
// it quickly.
void CongestionControl::on_idle(std::uint32_t segment_size) {
  if (!in_first_slow_start()) threshold_ = std::max(threshold_, window_ / 4 * 3);
  window_ = std::min(window_, initial_window(segment_size));
  on_unused();
}

}  // namespace sluice::tcp
