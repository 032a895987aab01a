#pragma once

#include <algorithm>
#include <cstdint>

#include "dataplane/tcp/congestion/congestion_control.h"
#include "dataplane/tcp/recovery/sent_time.h"
#include "dataplane/tcp/sequence.h"

namespace sluice::tcp {

/// What is needed to take back the reaction to a loss that was none: what the window was before,
/// and what was sent again since.
class Undo {
 public:
  /// A reaction to a loss begins, with everything before `sent` outstanding.
  void start(const CongestionControl& before, SequenceNumber sent) {
    before_ = before;
    pending_ = true;
    repaired_ = false;
    resent_bytes_ = 0;
    valid_until_ = sent;
  }
  [[nodiscard]] bool pending() const { return pending_; }
  void forget() { pending_ = false; }
  /// Something was sent again.
  [[nodiscard]] bool repaired() const { return repaired_; }

  /// Something was sent again because of it.
  void on_resent(SequenceNumber begin, SequenceNumber end, SentTime now) {
    if (!repaired_) {
      first_ = begin;
      first_sent_ = now;
      repaired_ = true;
    }
    resent_bytes_ += end - begin;
  }

  /// The Eifel detection (RFC 3522): an ACK of the first repair, which was sent for the oldest
  /// outstanding segment, echoes a timestamp from before it. `acknowledged_from`: SND.UNA before
  /// the ACK; `echo_age`: how long ago the echoed timestamp was sent, exact to a millisecond.
  [[nodiscard]] bool proven_by_echo(SequenceNumber acknowledged_from, Duration echo_age,
                                    Instant now) const {
    return pending_ && repaired_ && acknowledged_from == first_ &&
           echo_age > first_sent_.age(now) + std::chrono::milliseconds(1);
  }

  /// The peer had [begin, end) already. Returns whether it now had all that was sent again.
  bool on_duplicate(SequenceNumber begin, SequenceNumber end) {
    if (!pending_ || resent_bytes_ == 0 || begin < first_ || end > valid_until_) return false;
    resent_bytes_ -= std::min(end - begin, resent_bytes_);
    return resent_bytes_ == 0;
  }

  /// Recovery is over. Reports of duplicates may come for another round trip.
  void on_recovered(SequenceNumber sent) { valid_until_ = sent; }
  /// Everything before `acknowledged` is acknowledged, outside of recovery.
  void expire(SequenceNumber acknowledged) {
    if (acknowledged > valid_until_) pending_ = false;
  }

  /// The response of RFC 4015: sending goes on from `flight` bytes in the network without a burst,
  /// and slow start returns to the window that was. What was over before anything was sent again
  /// leaves no trace.
  void take_back(CongestionControl& congestion, std::uint32_t flight, std::uint32_t segment_size) {
    const std::uint32_t window = std::max(congestion.window(), before_.window());
    const std::uint32_t most = repaired_ ? flight + initial_window(segment_size) : window;
    congestion.restore(before_, std::min(window, most));
    pending_ = false;
  }

 private:
  CongestionControl before_;
  bool pending_ = false;
  bool repaired_ = false;
  SequenceNumber first_;
  SentTime first_sent_;
  std::uint32_t resent_bytes_ = 0;
  SequenceNumber valid_until_;
};

}  // namespace sluice::tcp
