#include "http/balancing/server_state.h"

namespace sluice::http {

Duration ServerState::eject(Instant now, Duration first, Duration longest) {
  std::int64_t until = load(ejected_until_);
  if (until > count(now)) return Duration::zero();
  const bool forgiven = until == kNone || count(now) - until >= longest.count();
  const std::uint32_t in_row = forgiven ? 1 : ejections_in_row_.load(kRelaxed) + 1;
  const Duration length = std::min(first * in_row, longest);
  if (!ejected_until_.compare_exchange_strong(until, count(now + length), kRelaxed)) {
    return Duration::zero();
  }
  ejections_in_row_.store(in_row, kRelaxed);
  ejections_.fetch_add(1, kRelaxed);
  failures_.store(0, kRelaxed);
  return length;
}

void ServerState::forget() {
  paused_until_.store(kNone, kRelaxed);
  ejected_until_.store(kNone, kRelaxed);
  returned_.store(kNone, kRelaxed);
  failures_.store(0, kRelaxed);
  ejections_in_row_.store(0, kRelaxed);
}

}  // namespace sluice::http
