#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "dataplane/base/time.h"
#include "tls/record/record_header.h"

namespace sluice::tls {

/// How large records are made. A receiver can use nothing of a record before its last byte has
/// come: at first, while the congestion window is small, a record fills a segment; after that it is
/// as large as it may be, which costs both sides least. A pause begins it anew, as TCP begins its
/// slow start anew.
class RecordSize {
 public:
  /// With its overhead, and TCP's and IPv6's headers, what an Ethernet frame carries.
  static constexpr std::size_t kSmall = 1390;
  /// So much plaintext goes in small records.
  static constexpr std::uint32_t kSmallBytes = 64 * 1024;
  static constexpr Duration kPause = std::chrono::seconds(1);

  /// The most plaintext that the next record may have, at most `limit`.
  [[nodiscard]] std::size_t next(Instant now, std::size_t limit) {
    const auto time = static_cast<std::uint32_t>(now.time_since_epoch() / kTick);
    if (time - last_ > kPause / kTick) sent_ = 0;
    last_ = time;
    return std::min(limit, sent_ < kSmallBytes ? kSmall : kMaxPlaintext);
  }
  /// A record was made.
  void sealed(std::size_t plaintext) {
    sent_ = std::min(kSmallBytes, sent_ + static_cast<std::uint32_t>(plaintext));
  }

 private:
  static constexpr Duration kTick = std::chrono::milliseconds(1);

  std::uint32_t sent_ = 0;
  std::uint32_t last_ = 0;  // in ticks, and only compared
};

}  // namespace sluice::tls
