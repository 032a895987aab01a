#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "dataplane/base/time.h"

namespace sluice::worker {

enum class IdleMode : std::uint8_t {
  kPoll,      ///< never sleeps: the least delay, a whole core
  kAdaptive,  ///< sleeps, longer and longer, while there is nothing to do
};

/// Decides how a worker spends its time when a pass of its loop found nothing to do.
///
/// Adaptive: after work it polls on for a while, since packets come in clusters; then it sleeps in
/// steps that double, so that what a sleep adds to the delay of a packet is at most about what the
/// worker had waited for it already, and never more than the longest step.
class IdlePolicy {
 public:
  static constexpr Duration kPollOn = std::chrono::microseconds(50);
  static constexpr Duration kFirstSleep = std::chrono::microseconds(10);
  /// Below a timer's tick: no timer is later for it by more than this. Half of it would double
  /// what an idle worker costs, which in a virtual machine is 20 us for each awakening.
  static constexpr Duration kLongestSleep = std::chrono::microseconds(1000);

  explicit IdlePolicy(IdleMode mode) : mode_(mode) {}

  /// Called after each pass, that did work or did not and ended at `now`. Returns how long to
  /// sleep before the next one; zero: not at all.
  Duration after(bool worked, Instant now) {
    if (worked) {
      last_work_ = now;
      next_sleep_ = kFirstSleep;
      return Duration::zero();
    }
    if (mode_ == IdleMode::kPoll || now - last_work_ < kPollOn) return Duration::zero();
    const Duration sleep = next_sleep_;
    next_sleep_ = std::min(2 * next_sleep_, kLongestSleep);
    return sleep;
  }

 private:
  IdleMode mode_;
  Instant last_work_{};
  Duration next_sleep_ = kFirstSleep;
};

}  // namespace sluice::worker
