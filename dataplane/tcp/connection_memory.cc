// What a connection holds in packet buffers for a peer that may mean no good, and when it lets go.
#include <algorithm>

#include "dataplane/tcp/connection.h"

namespace sluice::tcp {
namespace {

// A window that does not take so much is as good as closed: every host can take a segment of this
// size (RFC 9293 section 3.7.1).
constexpr std::uint32_t kLeastUsefulWindow = 536;
// When buffers are short: for how long nothing must have come from a peer before the bytes behind a
// hole are given up, and how long a window may be closed.
constexpr Duration kHolePatience = std::chrono::seconds(1);
constexpr Duration kStallPatience = std::chrono::seconds(5);
// Milliseconds: where there are no timestamps to tell, and the most that is believed of a peer.
constexpr std::uint32_t kAssumedRoundTrip = 100;
constexpr std::uint32_t kLongestRoundTrip = 1000;
constexpr Duration kLeastStallPatience = std::chrono::seconds(1);

}  // namespace

// Called with each window the peer tells.
void Connection::note_stall() {
  const std::uint32_t useful = std::min<std::uint32_t>(segment_size_, kLeastUsefulWindow);
  const bool stalled = left_to_send() > 0 && send_window_ < useful;
  if (stalled && !stalled_) stalled_at_ = core_.timestamp_now();
  stalled_ = stalled;
}

bool Connection::stalled_for(Duration time) const {
  return stalled_ && left_to_send() > 0 &&
         std::chrono::milliseconds(core_.timestamp_now() - stalled_at_) >= time;
}

// A run of a single byte keeps a buffer as well as a full segment does.
std::size_t Connection::out_of_order_charge() const {
  return std::max(reassembly_.size(), reassembly_.runs() * kBytesPerBuffer);
}

// Windows were told when buffers were plenty, and are not taken back: when they are not, who holds
// more than a fair share is not given more, and its peer has to send again. What is next in order
// is not refused for what waits behind it: only it can set that free.
bool Connection::holds_too_much(const Segment& next) const {
  const bool in_order = next.sequence == receive_next_;
  const std::size_t held = unconsumed_ + (in_order ? 0 : out_of_order_charge());
  return core_.receive_limit < core_.largest_window && held > core_.receive_limit;
}

void Connection::relieve_memory(MemoryPressure pressure) {
  if (!synchronized()) return;
  const bool critical = pressure == MemoryPressure::kCritical;
  const Duration quiet = std::chrono::milliseconds(core_.timestamp_now() - heard_at_);
  if (!reassembly_.empty() && (critical || quiet >= kHolePatience)) {
    // RFC 2018 section 8 allows it, even if they were acknowledged selectively.
    core_.counters.out_of_order_dropped.add(reassembly_.runs());
    reassembly_.clear(core_.held_runs);
    fin_at_.reset();
  }
  if (stalled_for(critical ? kLeastStallPatience : kStallPatience)) {
    core_.counters.stalled_dropped_for_memory.add();
    end_stalled(StreamError::kNoMemory);
  }
}

// A connection that only receives measures no round trips otherwise, or long ago.
void Connection::note_data_round_trip(const Segment& segment) {
  if (!timestamps_ || !segment.options.timestamps || segment.payload.empty()) return;
  data_round_trip_ = core_.timestamp_now() + timestamp_offset_ - segment.options.timestamps->echo;
}

// After Fisk and Feng, "Dynamic right-sizing" (2001): what the layer above takes in one round trip
// is what the peer sends in one, and its next window may be twice that. Twice again, so that ours
// is not what holds it back.
void Connection::tune_receive_buffer(std::uint32_t consumed) {
  if (receive_buffer_ >= core_.largest_window) return;
  const std::uint32_t now = core_.timestamp_now();
  const std::uint32_t elapsed = now - consumed_since_;
  const std::uint32_t round =
      std::clamp(timestamps_ ? data_round_trip_ : kAssumedRoundTrip, 1U, kLongestRoundTrip);
  consumed_ += consumed;
  if (elapsed < round) return;
  const std::uint64_t in_a_round = std::uint64_t{consumed_} * round / elapsed;
  if (in_a_round * 2 > receive_buffer_) grow_receive_buffer(in_a_round * 4);
  consumed_ = 0;
  consumed_since_ = now;
}

// What is forwarded is consumed when the other side has acknowledged it: that takes the other
// side's round trip, which the own one tells nothing of. Ahead of what doubles in a round trip.
void Connection::widen() {
  const bool full = unconsumed_ >= receive_buffer_ - receive_buffer_ / 4;
  if (full && receive_buffer_ < core_.largest_window) {
    grow_receive_buffer(std::uint64_t{receive_buffer_} * 4);
  }
}

void Connection::grow_receive_buffer(std::uint64_t size) {
  core_.counters.receive_windows_grown.add();
  receive_buffer_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(size, core_.largest_window));
}

void Connection::end_stalled(StreamError error) {
  core_.counters.connections_aborted.add();
  send_reset();
  fail(error);
}

}  // namespace sluice::tcp
