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
  static constexpr std::uint16_t kSmallBytes = 65'535;
  /// So long a pause, or up to a tick more.
  static constexpr Duration kPause = std::chrono::seconds(1);
  static constexpr Duration kTick = std::chrono::milliseconds(125);

  /// The most plaintext that the next record may have, at most `limit`.
  [[nodiscard]] std::size_t next(Instant now, std::size_t limit) {
    const auto time = static_cast<std::uint16_t>(now.time_since_epoch() / kTick);
    if (static_cast<std::uint16_t>(time - last_) > kPause / kTick) sent_ = 0;
    last_ = time;
    return std::min(limit, sent_ < kSmallBytes ? kSmall : kMaxPlaintext);
  }
  /// A record was made.
  void sealed(std::size_t plaintext) {
    sent_ = static_cast<std::uint16_t>(std::min<std::size_t>(kSmallBytes, sent_ + plaintext));
  }

 private:
  std::uint16_t sent_ = 0;  // as far as kSmallBytes
  std::uint16_t last_ = 0;  // in ticks, of which two hours make a round
};

}  // namespace sluice::tls
