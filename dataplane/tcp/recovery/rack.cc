#include "dataplane/tcp/recovery/rack.h"

#include <algorithm>

namespace sluice::tcp {
namespace {

// RFC 8985 section 6.2, step 4.
constexpr std::uint8_t kWindowKeptFor = 16;
constexpr std::uint8_t kLargestMultiplier = 255;

}  // namespace

Duration ReorderingWindow::size(const RoundTrip& round_trip, bool settled) const {
  if (!seen_ && settled) return Duration::zero();
  return std::min<Duration>(round_trip.minimum() / 4 * multiplier_, round_trip.smoothed());
}

void ReorderingWindow::widen() {
  seen_ = true;
  if (multiplier_ < kLargestMultiplier) ++multiplier_;
  recoveries_to_keep_ = kWindowKeptFor;
}

void ReorderingWindow::on_recovered() {
  if (recoveries_to_keep_ > 0 && --recoveries_to_keep_ == 0) multiplier_ = 1;
}

// Joined ranges were delivered no earlier than sent: their first time gives the longer round trip
// and the weaker proof against others.
bool Rack::on_delivered(const Scoreboard::Part& part, Instant now) {
  const bool reordered = !part.range.resent && part.end < highest_;
  highest_ = later_of(highest_, part.end);
  const SentTime sent = part.range.first_sent;
  if (!any_ || sent > sent_ || (sent == sent_ && part.end > end_)) {
    any_ = true;
    sent_ = sent;
    end_ = part.end;
    round_trip_ = sent.age(now);
  }
  return reordered;
}

bool Rack::sent_before(const Scoreboard::Part& part) const {
  const SentTime sent = part.range.last_sent;
  return sent < sent_ || (sent == sent_ && part.end < end_);
}

Duration Rack::detect(Scoreboard& board, Duration window, Instant now) const {
  Duration wait{};
  if (!any_) return wait;
  for (std::size_t index = 0; index < board.size(); ++index) {
    const Scoreboard::Part part = board.part(index);
    if (!sent_before(part)) {
      // What follows something that was sent once was sent later still.
      if (!part.range.resent && !part.range.sacked) break;
      continue;
    }
    if (part.range.sacked || part.range.lost) continue;
    const Duration left = round_trip_ + window - part.range.last_sent.age(now);
    if (left <= Duration::zero()) {
      board.mark_lost(index);
    } else {
      wait = std::max(wait, left);
    }
  }
  return wait;
}

void Rack::detect_on_timeout(Scoreboard& board, Duration window, Instant now) const {
  for (std::size_t index = 0; index < board.size(); ++index) {
    const SentRange& range = board.at(index);
    if (index == 0 || range.last_sent.age(now) >= round_trip_ + window) board.mark_lost(index);
  }
}

}  // namespace sluice::tcp
