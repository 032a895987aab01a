#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/base/time.h"

namespace sluice {

class TimerWheel;

/// Something that wants to be called once at a time. Derive from it and arm it on a TimerWheel.
///
/// A timer that is armed later than it was costs a store: it keeps its old place in the wheel and
/// moves when that place comes up. Destroying an armed timer disarms it. A timer belongs to one
/// wheel, and to the wheel's thread.
class Timer {
 public:
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// kNever when disarmed.
  [[nodiscard]] Instant deadline() const { return deadline_; }
  [[nodiscard]] bool armed() const { return deadline_ != kNever; }
  /// Keeps the timer from firing. Its place in the wheel is given up lazily.
  void disarm() { deadline_ = kNever; }

 protected:
  Timer() = default;
  ~Timer() { unlink(); }

  /// Called once when the deadline has passed, with the timer disarmed; may arm it again, and may
  /// destroy it.
  virtual void on_timer(Instant now) = 0;

 private:
  friend class TimerWheel;

  [[nodiscard]] bool linked() const { return next_ != nullptr; }
  void unlink();

  Timer* next_ = nullptr;
  Timer* previous_ = nullptr;
  Instant deadline_ = kNever;
  std::uint64_t place_ = 0;  // the tick whose slot holds this timer
};

/// A hierarchical timing wheel (Varghese and Lauck, 1987): arming, re-arming and disarming take
/// constant time, and a timer fires at most one tick late, never early.
class TimerWheel {
 public:
  /// About a millisecond: a power of two so that an instant becomes a tick by a shift.
  static constexpr unsigned kTickShift = 20;
  static constexpr Duration kTick{std::int64_t{1} << kTickShift};

  explicit TimerWheel(const Clock& clock);
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  /// Arms the timer, or moves it if it was armed.
  void arm(Timer& timer, Instant deadline);
  void arm_after(Timer& timer, Duration delay) { arm(timer, clock_.now() + delay); }

  /// Fires what is due at the clock's present instant, at most `budget` timers; what is left over
  /// stays due for the next call. Returns how many fired.
  std::size_t advance(std::size_t budget);

 private:
  static constexpr unsigned kLevels = 4;
  static constexpr unsigned kSlotBits = 8;
  static constexpr std::size_t kSlots = std::size_t{1} << kSlotBits;

  // The head of a circular list: a slot is never a timer that fires.
  struct Slot final : Timer {
    Slot();
    void on_timer(Instant /*now*/) override {}
  };

  static std::uint64_t tick_of(Instant deadline);
  void link(Timer& timer, std::uint64_t place);
  void cascade();
  void requeue_all(Slot& slot);
  std::size_t fire_slot(Slot& slot, std::size_t budget);

  const Clock& clock_;
  std::uint64_t current_tick_;
  std::array<std::array<Slot, kSlots>, kLevels> levels_;
};

}  // namespace sluice
