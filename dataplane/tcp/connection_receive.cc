#include <algorithm>
#include <utility>

#include "dataplane/tcp/connection.h"

namespace sluice::tcp {
namespace {

// RFC 7323 section 5.5: a timestamp this old says nothing of what is old any more.
constexpr Duration kTimestampOutdated = std::chrono::hours(24 * 24);
// An echo older than this is not one of ours.
constexpr std::uint32_t kOldestEcho = 600'000;  // ms

bool earlier_timestamp(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b) < 0;
}

}  // namespace

// RFC 9293 section 3.10.7.4, with the checks of RFC 7323 and RFC 5961 in their places.
void Connection::receive(Segment& segment) {
  if (state_ == State::kClosed) return;
  if (state_ == State::kSynSent) {
    receive_in_syn_sent(segment);
    return;
  }
  if (!passes_timestamp_check(segment)) return;
  heard_at_ = core_.timestamp_now();
  keep_alive_probes_ = 0;
  if (!acceptable(segment)) {
    if (segment.has(wire::kRst)) {
      core_.counters.resets_unexpected.add();
      return;
    }
    core_.counters.out_of_window.add();
    answer_unacceptable(segment);
    return;
  }
  if (!check_reset_and_syn(segment)) return;
  if (!segment.has(wire::kAck)) {
    core_.counters.acknowledgment_missing.add();
    return;
  }
  update_recent_timestamp(segment);
  if (!process_acknowledgment(segment)) return;
  if (!segment.payload.empty() || segment.has(wire::kFin)) process_payload(segment);
}

// RFC 9293 section 3.10.7.3.
void Connection::receive_in_syn_sent(Segment& segment) {
  if (segment.has(wire::kAck) &&
      (segment.acknowledgment <= send_unacknowledged_ || segment.acknowledgment > send_highest_)) {
    core_.writer.reset(segment);
    return;
  }
  if (segment.has(wire::kRst)) {
    if (!segment.has(wire::kAck)) return;
    core_.counters.resets_received.add();
    core_.counters.connections_failed.add();
    fail(StreamError::kRefused);
    return;
  }
  if (!segment.has(wire::kSyn)) return;

  receive_next_ = last_acknowledged_sent_ = segment.sequence + 1;
  advertised_edge_ = receive_next_ + std::min<std::uint32_t>(core_.receive_limit, 0xffff);
  window_sequence_ = segment.sequence;
  window_acknowledgment_ = send_unacknowledged_;
  Negotiated negotiated = Negotiated::from(segment, core_.config);
  negotiated.ecn = false;
  apply(negotiated);
  ack_due_ = AckDue::kNow;
  schedule();
  if (segment.has(wire::kAck)) {
    settle_ecn(segment);
    establish(segment);
    return;
  }
  // Simultaneous open (RFC 9293 section 3.5): our SYN goes out again, now with an ACK, and without
  // ECN: who has asked for what when would be more than it is worth.
  state_ = State::kSynReceived;
  syn_due_ = true;
}

// RFC 3168 section 6.1.1: who has once sent a SYN that does not ask must not send what may be
// marked, but has to tell of marks if the peer has got the one that asks.
void Connection::settle_ecn(const Segment& syn_ack) {
  if (core_.config.ecn != EcnUse::kRequest || !grants_ecn(syn_ack)) return;
  if (backoff_ > 0) {
    ecn_.receive_only();
    return;
  }
  core_.counters.ecn_connections.add();
  ecn_.agree();
}

// Our SYN was acknowledged.
void Connection::establish(const Segment& segment) {
  // Karn's rule: only what was sent once is measured. The SYN left when the connection was made.
  if (state_ == State::kSynSent && backoff_ == 0) round_trip_.sample(core_.now() - progress_at_);
  send_unacknowledged_ = send_next_ = later_of(segment.acknowledgment, send_next_);
  state_ = State::kEstablished;
  note_progress();
  // The window of a SYN is not scaled (RFC 7323 section 2.2).
  send_window_ = segment.has(wire::kSyn) ? segment.window : scaled_window(segment);
  largest_send_window_ = send_window_;
  window_sequence_ = segment.sequence;
  window_acknowledgment_ = segment.acknowledgment;
  core_.counters.connections_opened.add();
  fire_by(keep_alive_deadline());
  schedule();
  if (handler_ != nullptr) handler_->on_open();
}

// PAWS (RFC 7323 section 5.3, R1), and section 3.2: once negotiated, every segment has timestamps.
bool Connection::passes_timestamp_check(const Segment& segment) {
  if (!timestamps_ || segment.has(wire::kRst)) return true;
  if (!segment.options.timestamps) {
    core_.counters.timestamp_missing.add();
    if (segment.has(wire::kSyn)) challenge();  // a peer that has begun anew
    return false;
  }
  if (!earlier_timestamp(segment.options.timestamps->value, recent_timestamp_)) return true;
  if (core_.now() - recent_timestamp_at_ > kTimestampOutdated) return true;
  core_.counters.paws_rejected.add();
  answer_unacceptable(segment);
  return false;
}

// The sequence check. What begins exactly at the window's edge is accepted, since a peer that has
// filled the window acknowledges from there; its payload is trimmed away.
bool Connection::acceptable(const Segment& segment) const {
  if (segment.sequence > later_of(advertised_edge_, receive_next_)) return false;
  if (segment.length() == 0) return segment.sequence >= receive_next_;
  return segment.end() > receive_next_;
}

// RFC 5961 sections 3.2 and 4.2: only an exact reset ends a connection, and no SYN does.
bool Connection::check_reset_and_syn(const Segment& segment) {
  if (segment.has(wire::kRst)) {
    if (segment.sequence != receive_next_) {
      challenge();
      return false;
    }
    core_.counters.resets_received.add();
    if (state_ == State::kSynReceived) {
      core_.counters.connections_failed.add();
      fail(StreamError::kRefused);
    } else {
      core_.counters.connections_reset.add();
      fail(StreamError::kReset);
    }
    return false;
  }
  if (segment.has(wire::kSyn)) {
    challenge();
    return false;
  }
  return true;
}

// A peer that repeats data has missed our ACK and gets it again. A bare ACK must not always cause
// another one: two ends that disagree would exchange them for ever. A SYN: RFC 5961 section 4.2.
void Connection::answer_unacceptable(const Segment& segment) {
  if (segment.has(wire::kSyn)) {
    challenge();
    return;
  }
  if (segment.length() == 0 && !may_challenge()) return;
  ack_due_ = AckDue::kNow;
  schedule();
  report_duplicate(repeated_part(segment));
}

bool Connection::may_challenge() {
  const std::uint32_t now = core_.timestamp_now();
  if (now - challenged_at_ < kChallengeSpacing) return false;
  challenged_at_ = now;
  return true;
}

// What of a segment came before.
wire::SackBlock Connection::repeated_part(const Segment& segment) const {
  if (segment.length() == 0 || segment.sequence >= receive_next_) return {};
  return {segment.sequence.value(), earlier_of(segment.end(), receive_next_).value()};
}

// RFC 2883 section 4 has each duplicate reported once; other ACKs wait for the end of the burst.
void Connection::report_duplicate(const wire::SackBlock& repeated) {
  if (!sack_ || !synchronized() || repeated.begin == repeated.end) return;
  core_.counters.dsacks_sent.add();
  send_acknowledgment(repeated);
}

// RFC 5961 section 7, and as much for each connection.
void Connection::challenge() {
  if (!may_challenge() || !core_.challenges.take()) {
    core_.counters.challenge_acks_suppressed.add();
    return;
  }
  core_.counters.challenge_acks.add();
  ack_due_ = AckDue::kNow;
  schedule();
}

// RFC 7323 section 4.3.
void Connection::update_recent_timestamp(const Segment& segment) {
  if (!timestamps_ || !segment.options.timestamps) return;
  const std::uint32_t value = segment.options.timestamps->value;
  if (segment.sequence > last_acknowledged_sent_ || earlier_timestamp(value, recent_timestamp_)) {
    return;
  }
  recent_timestamp_ = value;
  recent_timestamp_at_ = core_.now();
}

std::uint32_t Connection::scaled_window(const Segment& segment) const {
  return std::uint32_t{segment.window} << send_shift_;
}

// The ACK field. False when the rest of the segment is not to be looked at.
bool Connection::process_acknowledgment(const Segment& segment) {
  const SequenceNumber acknowledgment = segment.acknowledgment;
  if (state_ == State::kSynReceived) {
    if (acknowledgment <= send_unacknowledged_ || acknowledgment > send_highest_) {
      core_.writer.reset(segment);
      return false;
    }
    establish(segment);
    return state_ != State::kClosed;
  }
  // RFC 5961 section 5.2.
  if (acknowledgment > send_highest_ ||
      acknowledgment < send_unacknowledged_ - largest_send_window_) {
    challenge();
    return false;
  }
  if (acknowledgment > send_unacknowledged_) return process_new_acknowledgment(segment);
  if (acknowledgment < send_unacknowledged_) return true;

  const bool duplicate = segment.payload.empty() && !segment.has(wire::kFin) && in_flight() > 0 &&
                         scaled_window(segment) == send_window_;
  update_send_window(segment);
  if (send_window_ == 0) progress_at_ = core_.now();  // alive, if unwilling
  if (duplicate) core_.counters.duplicate_acks_received.add();
  if (recovery_ != nullptr && (duplicate || !segment.options.sack.empty())) {
    tell_recovery(segment, duplicate);
    schedule_probe();
    schedule();
  }
  return true;
}

bool Connection::process_new_acknowledgment(const Segment& segment) {
  const std::uint32_t acknowledged = segment.acknowledgment - send_unacknowledged_;
  const auto bytes = static_cast<std::uint32_t>(std::min<std::size_t>(acknowledged, queue_.size()));
  const bool fin_acknowledged = fin_sent_ && acknowledged > queue_.size();

  if (suspected_size_ != 0) conclude_black_hole(segment.acknowledgment);
  if (recovery_ != nullptr) tell_recovery(segment, false);
  send_unacknowledged_ = segment.acknowledgment;
  send_next_ = later_of(send_next_, send_unacknowledged_);
  queue_.acknowledge(bytes);
  acknowledged_bytes_ += bytes;
  update_send_window(segment);
  note_progress();
  if (recovery_ != nullptr) settle_recovery();
  if (left_to_send() > (fin_acknowledged ? 1U : 0U)) schedule();

  if (bytes > 0 && handler_ != nullptr) handler_->on_acknowledged(bytes);
  if (state_ == State::kClosed) return false;
  return !fin_acknowledged || our_fin_acknowledged();
}

// What the burst's earlier ACKs made room for is sent before one that may show a loss: else so much
// less would be in flight then (RFC 5681's FlightSize), and recovery would start from that.
void Connection::tell_recovery(const Segment& segment, bool duplicate) {
  if (scheduled_ && recovery_->phase() == Recovery::Phase::kOpen &&
      (duplicate || !segment.options.sack.empty()))
    send_data();
  std::optional<Duration> echo_age;
  if (timestamps_ && segment.options.timestamps) {
    const std::uint32_t age =
        core_.timestamp_now() + timestamp_offset_ - segment.options.timestamps->echo;
    if (age < kOldestEcho) echo_age = std::chrono::milliseconds(age);
  }
  Sender state = sender();
  recovery_->on_acknowledgment({.number = segment.acknowledgment,
                                .blocks = segment.options.sack.all(),
                                .duplicate = duplicate,
                                .marked = ecn_.sends() && segment.has(wire::kEce),
                                .echo_age = echo_age},
                               state);
}

// When nothing is in flight, and nothing that arrives late would matter, an idle connection is
// small again.
void Connection::settle_recovery() {
  if (recovery_->settled()) {
    core_.recoveries.destroy(*std::exchange(recovery_, nullptr));
  } else {
    schedule_probe();
  }
}

// RFC 9293 section 3.10.7.4 asks for the latest window by sequence number first. A segment that is
// sent again has an old one and yet the latest ACK; without its window the ACK would move the old
// window's edge beyond what was told.
void Connection::update_send_window(const Segment& segment) {
  const bool newer =
      window_acknowledgment_ < segment.acknowledgment ||
      (window_acknowledgment_ == segment.acknowledgment && window_sequence_ <= segment.sequence);
  if (!newer) return;
  const std::uint32_t window = scaled_window(segment);
  if (window > send_window_ && left_to_send() > 0) {
    if (send_window_ == 0) backoff_ = 0;
    schedule();
  }
  send_window_ = window;
  largest_send_window_ = std::max(largest_send_window_, window);
  window_sequence_ = segment.sequence;
  window_acknowledgment_ = segment.acknowledgment;
  note_stall();
}

bool Connection::our_fin_acknowledged() {
  switch (state_) {
    case State::kFinWait1:
      state_ = State::kFinWait2;
      note_fin_awaited();
      return true;
    case State::kClosing:
      end_in_time_wait();
      return false;
    case State::kLastAck:
      leave_table();
      if (handler_ == nullptr) finish_up();
      return false;
    default:
      return true;
  }
}

// Leaves of a segment what is new and within the window. False when nothing is left.
bool Connection::trim_to_window(Segment& segment) {
  if (segment.sequence < receive_next_) {
    ack_due_ = AckDue::kNow;
    segment.payload.drop_front(receive_next_ - segment.sequence);
    segment.sequence = receive_next_;
  }
  const std::uint32_t room =
      advertised_edge_ > segment.sequence ? advertised_edge_ - segment.sequence : 0;
  if (segment.length() > room) {
    segment.payload.truncate(room);
    segment.flags = static_cast<std::uint8_t>(segment.flags & ~wire::kFin);
    ack_due_ = AckDue::kNow;
  }
  return segment.length() > 0;
}

void Connection::process_payload(Segment& segment) {
  schedule();
  if (peer_finished_) {
    ack_due_ = AckDue::kNow;
    return;
  }
  const wire::SackBlock repeated = repeated_part(segment);
  if (!trim_to_window(segment)) {
    report_duplicate(repeated);
    return;
  }
  if (ecn_.receives()) note_congestion(segment);
  note_data_round_trip(segment);
  if (holds_too_much(segment)) {
    core_.counters.dropped_for_memory.add();
    return;
  }
  // RFC 9293 section 3.10.4, RFC 1122 section 4.2.2.13: nobody is left to read it.
  if (handler_ == nullptr && !segment.payload.empty()) {
    abort();
    return;
  }
  note_fin(segment);
  if (segment.sequence == receive_next_) {
    take_in_order(segment, repeated);
  } else {
    keep_out_of_order(segment);
  }
}

// RFC 3168 section 6.1.3. The peer learns of a change at once.
void Connection::note_congestion(const Segment& segment) {
  if (segment.ecn == wire::Ecn::kCongestion) core_.counters.ecn_marks_received.add();
  if (ecn_.on_data(segment)) ack_due_ = AckDue::kNow;
}

// A peer that contradicts itself is believed what it says in order, and of several FINs out of
// order the earliest.
void Connection::note_fin(const Segment& segment) {
  const bool in_order = segment.sequence == receive_next_;
  if (segment.has(wire::kFin)) {
    const SequenceNumber fin = segment.end() - 1U;
    fin_at_ = fin_at_ && !in_order ? earlier_of(*fin_at_, fin) : fin;
  } else if (in_order && fin_at_ && segment.end() > *fin_at_) {
    fin_at_.reset();
  }
}

void Connection::take_in_order(Segment& segment, wire::SackBlock repeated) {
  const bool filled_a_hole = !reassembly_.empty();
  ByteChain data = std::move(segment.payload);
  receive_next_ += static_cast<std::uint32_t>(data.size());
  if (filled_a_hole) {
    if (repeated.begin == repeated.end) {
      repeated = reassembly_.held_before(receive_next_, core_.held_runs);
    }
    receive_next_ +=
        static_cast<std::uint32_t>(reassembly_.take(receive_next_, data, core_.held_runs));
  }
  const bool ends = fin_at_ && receive_next_ >= *fin_at_;
  if (ends) {
    data.truncate(data.size() - (receive_next_ - *fin_at_));
    receive_next_ = *fin_at_;
    fin_at_.reset();
    reassembly_.clear(core_.held_runs);
  }
  ++unacknowledged_segments_;
  const bool now = filled_a_hole || unacknowledged_segments_ >= 2;
  ack_due_ = std::max(ack_due_, now ? AckDue::kNow : AckDue::kDelayed);
  report_duplicate(repeated);
  if (!data.empty() && !deliver(std::move(data))) return;
  if (ends) process_fin();
}

// RFC 5681 section 4.2: every segment that is out of order is acknowledged at once and by itself,
// since the peer counts these ACKs.
void Connection::keep_out_of_order(Segment& segment) {
  Reassembly::Inserted inserted;
  if (core_.pool.pressure() != MemoryPressure::kNone ||
      out_of_order_charge() + kBytesPerBuffer > core_.receive_limit) {
    core_.counters.out_of_order_dropped.add();
  } else {
    if (!segment.payload.empty()) {
      inserted = reassembly_.insert(segment.sequence, std::move(segment.payload), core_.held_runs);
      (inserted.kept ? core_.counters.out_of_order : core_.counters.out_of_order_dropped).add();
    }
  }
  const bool repeated = inserted.duplicate.begin != inserted.duplicate.end;
  if (sack_ && repeated) core_.counters.dsacks_sent.add();
  if (!send_acknowledgment(inserted.duplicate)) ack_due_ = AckDue::kNow;
}

// Hands bytes to the layer above. False when it ended the connection.
bool Connection::deliver(ByteChain data) {
  core_.counters.payload_bytes_received.add(data.size());
  delivered_bytes_ += data.size();
  if (handler_ == nullptr) {
    abort();
    return false;
  }
  unconsumed_ += static_cast<std::uint32_t>(data.size());
  handler_->on_data(std::move(data));
  return state_ != State::kClosed;
}

void Connection::process_fin() {
  receive_next_ += 1;
  peer_finished_ = true;
  ack_due_ = AckDue::kNow;
  switch (state_) {
    case State::kEstablished:
      state_ = State::kCloseWait;
      break;
    case State::kFinWait1:
      state_ = State::kClosing;
      break;
    case State::kFinWait2:
      send_acknowledgment();
      end_in_time_wait();
      break;
    default:
      return;
  }
  if (handler_ != nullptr) handler_->on_end();
}

}  // namespace sluice::tcp
