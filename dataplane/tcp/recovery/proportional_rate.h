#pragma once

#include <algorithm>
#include <cstdint>

namespace sluice::tcp {

/// Proportional rate reduction (RFC 9937): how much to send for each ACK while losses are repaired,
/// so that what is in flight goes from where it was to the new threshold smoothly. Sizes in bytes.
class ProportionalRate {
 public:
  /// Recovery begins with `in_flight` bytes outstanding and not known to be delivered before.
  void start(std::uint32_t in_flight, std::uint32_t threshold) {
    started_with_ = std::max(in_flight, 1U);
    threshold_ = threshold;
    delivered_ = 0;
    sent_ = 0;
  }

  void on_sent(std::uint32_t bytes) { sent_ += bytes; }

  /// The window after an ACK that showed `delivered` bytes to have arrived, with `pipe` bytes in
  /// the network. `progress`: it acknowledged new data and showed no further loss (RFC 9937's
  /// SafeACK).
  std::uint32_t window(std::uint32_t delivered, std::uint32_t pipe, bool progress,
                       std::uint32_t segment_size) {
    delivered_ += delivered;
    std::uint32_t allowed = 0;
    if (pipe > threshold_) {
      const std::uint64_t share =
          (delivered_ * std::uint64_t{threshold_} + started_with_ - 1) / started_with_;
      allowed = share > sent_ ? static_cast<std::uint32_t>(share - sent_) : 0;
    } else {
      const auto unsent = static_cast<std::uint32_t>(delivered_ > sent_ ? delivered_ - sent_ : 0);
      allowed = std::max(unsent, delivered) + (progress ? segment_size : 0);
      allowed = std::min(allowed, threshold_ - pipe);
    }
    // Entering recovery sends the first repair at once.
    if (sent_ == 0) allowed = std::max(allowed, segment_size);
    return pipe + allowed;
  }

 private:
  std::uint32_t started_with_ = 1;
  std::uint32_t threshold_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t sent_ = 0;
};

}  // namespace sluice::tcp
