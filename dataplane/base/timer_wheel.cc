#include "dataplane/base/timer_wheel.h"

#include <algorithm>

namespace sluice {

void Timer::unlink() {
  if (!linked()) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  next_ = previous_ = nullptr;
}

TimerWheel::Slot::Slot() {
  next_ = previous_ = this;
}

TimerWheel::TimerWheel(const Clock& clock)
    : clock_(clock),
      current_tick_(
          static_cast<std::uint64_t>(clock.now().time_since_epoch().count() >> kTickShift)) {}

TimerWheel::~TimerWheel() {
  for (auto& level : levels_) {
    for (Slot& slot : level) {
      while (slot.next_ != &slot) slot.next_->unlink();
      slot.next_ = slot.previous_ = nullptr;
    }
  }
}

// Rounded up, so that a timer never fires early.
std::uint64_t TimerWheel::tick_of(Instant deadline) {
  const auto nanoseconds = static_cast<std::uint64_t>(deadline.time_since_epoch().count());
  return (nanoseconds + (std::uint64_t{1} << kTickShift) - 1) >> kTickShift;
}

void TimerWheel::arm(Timer& timer, Instant deadline) {
  timer.deadline_ = deadline;
  if (deadline == kNever) return;
  const std::uint64_t tick = std::max(tick_of(deadline), current_tick_ + 1);
  if (timer.linked()) {
    if (timer.place_ <= tick) return;
    timer.unlink();
  }
  link(timer, tick);
}

void TimerWheel::link(Timer& timer, std::uint64_t place) {
  // Further away than the wheel reaches: parked at its far end and placed again from there.
  const std::uint64_t reach = (std::uint64_t{1} << (kLevels * kSlotBits)) - kSlots;
  place = std::min(place, current_tick_ + reach);
  unsigned level = 0;
  while (level + 1 < kLevels &&
         (place >> (kSlotBits * level)) - (current_tick_ >> (kSlotBits * level)) >= kSlots) {
    ++level;
  }
  Slot& slot = levels_[level][(place >> (kSlotBits * level)) & (kSlots - 1)];
  timer.place_ = place;
  timer.next_ = &slot;
  timer.previous_ = slot.previous_;
  slot.previous_->next_ = &timer;
  slot.previous_ = &timer;
}

std::size_t TimerWheel::advance(std::size_t budget) {
  const auto now_tick =
      static_cast<std::uint64_t>(clock_.now().time_since_epoch().count() >> kTickShift);
  std::size_t fired = 0;
  for (;;) {
    Slot& slot = levels_[0][current_tick_ & (kSlots - 1)];
    fired += fire_slot(slot, budget - fired);
    if (fired == budget || current_tick_ >= now_tick) return fired;
    ++current_tick_;
    cascade();
  }
}

// Fires from a slot until it is empty or the budget is used. What is rearmed goes to a later slot:
// arm() never links into the current one.
std::size_t TimerWheel::fire_slot(Slot& slot, std::size_t budget) {
  std::size_t fired = 0;
  while (slot.next_ != &slot && fired < budget) {
    Timer& timer = *slot.next_;
    timer.unlink();
    if (timer.deadline_ == kNever) continue;
    const std::uint64_t tick = tick_of(timer.deadline_);
    if (tick > current_tick_) {
      link(timer, tick);
      continue;
    }
    timer.deadline_ = kNever;
    ++fired;
    timer.on_timer(clock_.now());
  }
  return fired;
}

// When a level has gone round, the next slot of the level above is dealt out below.
void TimerWheel::cascade() {
  for (unsigned level = 1; level < kLevels; ++level) {
    const unsigned shift = kSlotBits * level;
    if ((current_tick_ & ((std::uint64_t{1} << shift) - 1)) != 0) return;
    requeue_all(levels_[level][(current_tick_ >> shift) & (kSlots - 1)]);
  }
}

void TimerWheel::requeue_all(Slot& slot) {
  while (slot.next_ != &slot) {
    Timer& timer = *slot.next_;
    timer.unlink();
    if (timer.deadline_ != kNever) link(timer, std::max(tick_of(timer.deadline_), current_tick_));
  }
}

}  // namespace sluice
