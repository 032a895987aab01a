#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace sluice::tls {

/// How many records without data a peer may send: key updates, warnings, refused renegotiations,
/// empty ones. Each costs it a few bytes, and us as much work as it likes, and perhaps an answer
/// that waits until the peer reads it. An honest peer sends next to none.
class ControlBudget {
 public:
  static constexpr std::uint32_t kRecords = 32;
  /// So much plaintext earns the budget anew, if the peer also reads what it is sent.
  static constexpr std::size_t kWindow = std::size_t{64} * 1024;

  /// A record with data was read; so much ciphertext of ours is not acknowledged.
  void earn(std::size_t plaintext, std::size_t in_flight) {
    const std::size_t earned = std::min(earned_ + plaintext, kWindow);
    earned_ = static_cast<std::uint32_t>(earned) & kMostEarned;
    if (earned_ < kWindow || unread_ > 0) return;
    earned_ = 0;
    spent_ = 0;
    unread_ = static_cast<std::uint32_t>(
        std::min<std::size_t>(in_flight, std::numeric_limits<std::uint32_t>::max()));
  }
  /// Ciphertext of ours was acknowledged.
  void acknowledged(std::size_t ciphertext) {
    unread_ -= static_cast<std::uint32_t>(std::min<std::size_t>(ciphertext, unread_));
  }
  /// A record without data was read. False when there were too many.
  [[nodiscard]] bool spend() {
    if (spent_ <= kRecords) ++spent_;
    return spent_ <= kRecords;
  }

 private:
  static constexpr std::uint32_t kMostEarned = (1U << 24) - 1;
  static_assert(kWindow <= kMostEarned);

  std::uint32_t unread_ = 0;  // of what was in flight when the budget was last full
  std::uint32_t earned_ : 24 = 0;
  std::uint32_t spent_ : 8 = 0;
};

}  // namespace sluice::tls
