#pragma once

#include <cstddef>
#include <cstdint>

#include "tls/flow_accounting.h"

namespace sluice::tls {

/// How many records without data a peer may send: key updates, warnings, refused renegotiations,
/// empty ones. Each costs it a few bytes, and us as much work as it likes, and perhaps an answer
/// that waits until the peer reads it. An honest peer sends next to none.
class ControlBudget {
 public:
  static constexpr std::uint32_t kRecords = 32;
  /// So much plaintext earns the budget anew, if the peer also reads what it is sent.
  static constexpr std::size_t kWindow = std::size_t{64} * 1024;

  /// A record with data was read.
  void earn(std::size_t plaintext, const AcknowledgedPlaintext& sent) {
    earned_ += plaintext;
    if (earned_ < kWindow || sent.acknowledged_ciphertext() < sent_before_) return;
    earned_ = 0;
    spent_ = 0;
    sent_before_ = sent.sent_ciphertext();
  }
  /// A record without data was read. False when there were too many.
  [[nodiscard]] bool spend() { return ++spent_ <= kRecords; }

 private:
  std::size_t earned_ = 0;
  std::uint64_t sent_before_ = 0;  // all that had been sent when the budget was last full
  std::uint32_t spent_ = 0;
};

}  // namespace sluice::tls
