#include "http/balancing/waiting_line.h"

#include <algorithm>

namespace sluice::http {

void WaitingLine::join(Waiter& waiter, Instant now) {
  waiter.waiting_since_ = now;
  waiters_.push_back(waiter);
  publish();
}

void WaitingLine::leave(Waiter& waiter) {
  waiters_.remove(waiter);
  publish();
}

void WaitingLine::publish() {
  own_.queued.set(waiters_.size());
  if (waiters_.empty()) return own_.waiting_since.set(0);
  const auto since = waiters_.front()->waiting_since_.time_since_epoch().count();
  own_.waiting_since.set(static_cast<std::uint64_t>(std::max<Duration::rep>(since, 1)));
}

bool WaitingLine::is_our_turn() const {
  const std::uint64_t ours = own_.waiting_since.get();
  for (std::uint32_t worker = 0; worker < fleet_.workers(); ++worker) {
    if (worker == worker_) continue;
    const BackendLoad* other = fleet_.load(worker).backends.find(backend_.index());
    if (other == nullptr) continue;
    const std::uint64_t theirs = other->waiting_since.get();
    if (theirs != 0 && theirs < ours) return false;
  }
  return true;
}

}  // namespace sluice::http
