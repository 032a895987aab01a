#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "dataplane/base/time.h"

namespace sluice::http {

/// What active checks say of a server.
enum class CheckVerdict : std::uint8_t {
  kNone,  ///< it is not checked
  kUp,    ///< also before the first check, when the process has just started
  kDown,
  kPending,  ///< came with a reload, and has not been checked yet: gets nothing
};

/// Whether a server is fit for work, as the process knows it from checks and from live traffic. Any
/// worker reads it for every choice; writes are rare, and by any worker. A cache line of its own:
/// what is not written stays in every worker's cache.
class alignas(64) ServerState {
 public:
  // --- Live traffic: connects that fail

  /// Whether connects have failed, and none has succeeded since.
  [[nodiscard]] bool paused() const { return load(paused_until_) != kNone; }
  /// It failed: passed over for `pause`. Returns whether it was not before.
  bool pause(Instant now, Duration pause) {
    return paused_until_.exchange(count(now + pause), kRelaxed) == kNone;
  }
  /// To be told of every choice: whoever tries a server after its pause is the only one for another
  /// pause.
  void claim_trial(Instant now, Duration pause) {
    std::int64_t until = load(paused_until_);
    if (until == kNone || until > count(now)) return;
    paused_until_.compare_exchange_strong(until, count(now + pause), kRelaxed);
  }
  /// A connect has succeeded.
  void end_pause(Instant now) {
    if (load(paused_until_) == kNone) return;
    paused_until_.store(kNone, kRelaxed);
    returned(now);
  }

  // --- Live traffic: responses that fail

  void succeeded() {
    if (failures_.load(kRelaxed) != 0) failures_.store(0, kRelaxed);
  }
  /// Returns how many failures there have been in a row.
  std::uint32_t failed() { return failures_.fetch_add(1, kRelaxed) + 1; }

  [[nodiscard]] bool ejected(Instant now) const { return load(ejected_until_) > count(now); }
  /// Takes it out of rotation: for `first` the first time, and so much longer each further time,
  /// up to `longest`; a server that has been back for as long as `longest` begins anew. Returns for
  /// how long, or zero when another worker was faster.
  Duration eject(Instant now, Duration first, Duration longest);
  [[nodiscard]] std::uint32_t ejections() const { return ejections_.load(kRelaxed); }

  // --- Active checks

  [[nodiscard]] CheckVerdict verdict() const { return verdict_.load(kRelaxed); }
  void set_verdict(CheckVerdict verdict, Instant now) {
    const CheckVerdict before = verdict_.exchange(verdict, kRelaxed);
    const bool was_out = before == CheckVerdict::kDown || before == CheckVerdict::kPending;
    if (was_out && verdict == CheckVerdict::kUp) returned(now);
  }

  /// A server that has just come waits for its first check; unless a verdict is there already.
  void await_first_check() {
    CheckVerdict none = CheckVerdict::kNone;
    verdict_.compare_exchange_strong(none, CheckVerdict::kPending, kRelaxed);
  }

  // --- All of these

  /// Whether it may be chosen now without more ado.
  [[nodiscard]] bool fit(Instant now) const {
    return !out() && load(paused_until_) <= count(now) && load(ejected_until_) <= count(now);
  }
  /// Checks have found it unfit: not even a last resort.
  [[nodiscard]] bool out() const {
    const CheckVerdict verdict = this->verdict();
    return verdict == CheckVerdict::kDown || verdict == CheckVerdict::kPending;
  }
  /// When it last came into rotation; Instant::min() if it always was.
  [[nodiscard]] Instant in_rotation_since() const {
    const std::int64_t since = std::max(load(returned_), load(ejected_until_));
    return since == kNone ? Instant::min() : Instant(Duration(since));
  }
  /// It comes into rotation now, for a reason that is not noted here.
  void returned(Instant now) { returned_.store(count(now), kRelaxed); }
  /// As new: the address is another one.
  void forget();

 private:
  static constexpr std::int64_t kNone = -1;  // before all time
  static constexpr auto kRelaxed = std::memory_order_relaxed;

  static std::int64_t count(Instant instant) { return instant.time_since_epoch().count(); }
  static std::int64_t load(const std::atomic<std::int64_t>& instant) {
    return instant.load(kRelaxed);
  }

  std::atomic<std::int64_t> paused_until_{kNone};
  std::atomic<std::int64_t> ejected_until_{kNone};
  std::atomic<std::int64_t> returned_{kNone};
  std::atomic<std::uint32_t> failures_{0};
  std::atomic<std::uint32_t> ejections_{0};
  std::atomic<std::uint32_t> ejections_in_row_{0};
  std::atomic<CheckVerdict> verdict_{CheckVerdict::kNone};
};

}  // namespace sluice::http
