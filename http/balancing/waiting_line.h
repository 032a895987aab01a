#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/base/linked_list.h"
#include "dataplane/base/time.h"
#include "http/balancing/fleet_state.h"

namespace sluice::http {

/// Who waits for a place at a backend's servers.
class Waiter : public LinkedListNode<Waiter> {
 public:
  /// There may be a place: it has left the line, and joins again at its end if it finds none.
  virtual void on_place() = 0;
  /// It has waited too long, and has left the line.
  virtual void on_wait_timeout() = 0;

 protected:
  ~Waiter() = default;

 private:
  friend class WaitingLine;
  Instant waiting_since_{};
};

/// One worker's part of a backend's queue. Over all workers it is first come, first served: a
/// worker whose first waiter came later than another's leaves a place to that one, which looks for
/// it in its next pass.
class WaitingLine {
 public:
  WaitingLine(FleetState& fleet, std::uint32_t worker, BackendId backend)
      : fleet_(fleet),
        worker_(worker),
        backend_(backend),
        own_(fleet.load(worker).backends[backend.index()]) {}

  [[nodiscard]] bool empty() const { return waiters_.empty(); }
  /// Whether somebody waits, here or elsewhere: newcomers must not overtake.
  [[nodiscard]] bool anybody() const { return fleet_.queued(backend_) != 0; }

  void join(Waiter& waiter, Instant now);
  void leave(Waiter& waiter);

  /// Sends away who has waited for `timeout`, and lets the others go on, while `has_place()` and it
  /// is their turn. Called once a pass while the line is not empty.
  template <typename HasPlace>
  void advance(Instant now, Duration timeout, HasPlace&& has_place) {
    // Who finds no place joins again: nobody is looked at twice.
    for (std::size_t left = waiters_.size(); left > 0 && !waiters_.empty(); --left) {
      Waiter& first = *waiters_.front();
      const bool late = now - first.waiting_since_ >= timeout;
      if (!late && (!is_our_turn() || !has_place())) return;
      leave(first);
      late ? first.on_wait_timeout() : first.on_place();
    }
  }
  /// How long the first has waited.
  [[nodiscard]] static Duration waited(const Waiter& waiter, Instant now) {
    return now - waiter.waiting_since_;
  }

 private:
  [[nodiscard]] bool is_our_turn() const;
  void publish();

  FleetState& fleet_;
  std::uint32_t worker_;
  BackendId backend_;
  BackendLoad& own_;
  LinkedList<Waiter> waiters_;
};

}  // namespace sluice::http
