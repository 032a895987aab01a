#pragma once

#include <cstdint>

#include "dataplane/base/time.h"
#include "dataplane/tcp/recovery/scoreboard.h"
#include "dataplane/tcp/round_trip.h"
#include "dataplane/tcp/sequence.h"

namespace sluice::tcp {

/// What a connection has learnt about reordering on its path; it outlives what is in flight.
class ReorderingWindow {
 public:
  /// How much longer than a round trip something may take before it is lost (RFC 8985 section 6.2,
  /// step 4). `settled`: losses are certain enough to do without a window while no reordering has
  /// been seen.
  [[nodiscard]] Duration size(const RoundTrip& round_trip, bool settled) const;

  [[nodiscard]] bool seen() const { return seen_; }
  void note_reordering() { seen_ = true; }
  /// A DSACK told that something was sent again in vain, and so was late and not lost; at most one
  /// of a round trip counts.
  void widen();
  /// A recovery ended.
  void on_recovered();

 private:
  bool seen_ = false;
  std::uint8_t multiplier_ = 1;
  std::uint8_t recoveries_to_keep_ = 0;
};

/// Time-based loss detection (RFC 8985 section 6): what was sent long enough before something that
/// has arrived is lost.
class Rack {
 public:
  explicit Rack(SequenceNumber begin) : end_(begin), highest_(begin) {}

  /// A part of the flight is known to be delivered, as it was before that was known. Returns
  /// whether it arrived behind something that was sent later, and so was reordered.
  bool on_delivered(const Scoreboard::Part& part, Instant now);

  /// Marks what is lost. Returns how long from now the next thing will be taken for lost if nothing
  /// more arrives; zero: there is none.
  [[nodiscard]] Duration detect(Scoreboard& board, Duration window, Instant now) const;
  /// The same when the retransmission timer fired: the first range is lost in any case
  /// (section 6.3).
  void detect_on_timeout(Scoreboard& board, Duration window, Instant now) const;

 private:
  [[nodiscard]] bool sent_before(const Scoreboard::Part& part) const;

  bool any_ = false;  // something was delivered
  SentTime sent_;     // of what was sent last and is known to be delivered
  SequenceNumber end_;
  SequenceNumber highest_;  // everything delivered ends at or before it
  Duration round_trip_{};
};

}  // namespace sluice::tcp
