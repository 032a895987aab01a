#pragma once

#include <cstdint>

#include "dataplane/tcp/sequence.h"

namespace sluice::tcp {

/// A probe that was sent because nothing was heard for two round trips, and what is concluded from
/// the answer (RFC 8985 section 7): a probe that repeated data may have repaired a loss unnoticed.
class TailLossProbe {
 public:
  enum class Outcome : std::uint8_t { kPending, kNothingLost, kRepairedALoss };

  [[nodiscard]] bool pending() const { return pending_; }

  /// A probe was sent that ends what was sent so far at `end`. `repeats`: it was no new data.
  void sent(SequenceNumber end, bool repeats) {
    pending_ = true;
    repeats_ = repeats;
    end_ = end;
  }
  void forget() { pending_ = false; }

  /// An ACK of `acknowledgment`. `reports_probe`: its DSACK ends where the probe ended.
  /// `bare_duplicate`: it acknowledges nothing new and has no SACK blocks.
  Outcome on_acknowledged(SequenceNumber acknowledgment, bool reports_probe, bool bare_duplicate) {
    if (!pending_ || acknowledgment < end_) return Outcome::kPending;
    if (!repeats_ || reports_probe) {
      pending_ = false;
      return Outcome::kNothingLost;
    }
    if (acknowledgment > end_) {
      pending_ = false;
      return Outcome::kRepairedALoss;
    }
    // The original and the probe were acknowledged both: nothing was missing.
    if (bare_duplicate) pending_ = false;
    return bare_duplicate ? Outcome::kNothingLost : Outcome::kPending;
  }

  [[nodiscard]] SequenceNumber end() const { return end_; }

 private:
  bool pending_ = false;
  bool repeats_ = false;
  SequenceNumber end_;
};

}  // namespace sluice::tcp
