#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "dataplane/base/time.h"

namespace sluice::worker {

enum class IdleMode : std::uint8_t {
  kPoll,      ///< never sleeps: the least delay, a whole core
  kAdaptive,  ///< sleeps, longer and longer, while there is nothing to do
  kSharing,   ///< the same, and gives the CPU away between passes: for workers that share one
};

/// Decides how a worker spends its time when a pass of its loop found nothing to do.
///
/// Adaptive: after work it polls on for a while, since packets come in clusters; then it sleeps for
/// a quarter of the time it has waited already, so that a packet's delay grows by no more than that
/// part of the pause before it, and never by more than the longest sleep.
class IdlePolicy {
 public:
  static constexpr Duration kPollOn = std::chrono::microseconds(50);
  /// About two ticks of the timers: none is later for it by more. An awakening costs 3 us on a
  /// machine and 20 us in a virtual one, of which this makes 1 % of a core.
  static constexpr Duration kLongestSleep = std::chrono::milliseconds(2);

  explicit IdlePolicy(IdleMode mode) : mode_(mode) {}

  /// Whether a worker that does not sleep lets others that wait for its CPU go first.
  bool yields() const { return mode_ == IdleMode::kSharing; }

  /// Called after each pass, that did work or did not and began at `now`. Returns how long to
  /// sleep before the next one; zero: not at all.
  Duration after(bool worked, Instant now) {
    if (worked) last_work_ = now;
    const Duration waited = now - last_work_;
    if (mode_ == IdleMode::kPoll || waited < kPollOn) return Duration::zero();
    return std::min(waited / 4, kLongestSleep);
  }

 private:
  IdleMode mode_;
  Instant last_work_{};
};

}  // namespace sluice::worker
