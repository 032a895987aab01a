#include <algorithm>

#include "dataplane/tcp/connection.h"

namespace sluice::tcp {

// The timer fires by the nearest deadline, and may fire earlier: a deadline that goes away or moves
// on costs nothing until then.
void Connection::fire_by(Instant deadline) {
  if (deadline < timer_.deadline()) core_.wheel.arm(timer_, deadline);
}

void Connection::arm_timer() {
  if (state_ == State::kClosed) return;
  const Instant early = recovery_ == nullptr ? kNever : recovery_->early_deadline();
  core_.wheel.arm(timer_, std::min({retransmit_at_, acknowledge_at_, orphan_until_, early,
                                    keep_alive_deadline()}));
}

void Connection::on_timer(Instant now) {
  if (acknowledge_at_ <= now) {
    acknowledge_at_ = kNever;
    if (ack_due_ == AckDue::kDelayed) {
      core_.counters.delayed_acks_sent.add();
      ack_due_ = AckDue::kNow;
      schedule();
    }
  }
  if (recovery_ != nullptr && recovery_->early_deadline() <= now) on_early_timer();
  if (retransmit_at_ <= now) {
    retransmit_at_ = kNever;
    on_retransmission_timeout(now);
  }
  if (orphan_until_ <= now) give_up_orphan();
  if (keep_alive_deadline() <= now) keep_alive();
  arm_timer();
}

Duration Connection::backed_off_timeout() const {
  const StackConfig& config = core_.config;
  const Duration base =
      round_trip_.timeout(config.rto_initial, config.rto_minimum, config.rto_maximum);
  const unsigned doublings = std::min<unsigned>(backoff_, 16);
  return std::min<Duration>(base * (std::int64_t{1} << doublings), config.rto_maximum);
}

// RFC 6298 section 5.1: runs while something is outstanding.
void Connection::start_retransmission_timer() {
  if (retransmit_at_ != kNever) return;
  retransmit_at_ = core_.now() + backed_off_timeout();
  fire_by(retransmit_at_);
}

// A probe stands in for the timeout that it was meant to come before (RFC 8985 section 7.3).
void Connection::on_early_timer() {
  Sender state = sender();
  if (recovery_->on_early_timer(state)) {
    send_probe();
    retransmit_at_ = kNever;
    start_retransmission_timer();
  }
  schedule();
}

void Connection::schedule_probe() {
  recovery_->schedule_probe(retransmit_at_, sender());
  fire_by(recovery_->early_deadline());
}

// The peer acknowledged something new: RFC 6298 section 5.2 and 5.3.
void Connection::note_progress() {
  backoff_ = 0;
  progress_at_ = core_.now();
  retransmit_at_ = kNever;
  if (handler_ == nullptr) orphan_until_ = core_.now() + core_.config.orphan_timeout;
  if (in_flight() > 0) start_retransmission_timer();
}

void Connection::on_retransmission_timeout(Instant now) {
  if (state_ == State::kSynSent || state_ == State::kSynReceived) {
    retry_handshake();
    return;
  }
  if (left_to_send() == 0) return;
  if (now - progress_at_ >= core_.config.give_up_after) {
    give_up();
    return;
  }
  if (stalled_for(core_.config.stalled_timeout)) {
    core_.counters.connections_stalled.add();
    end_stalled(StreamError::kTimedOut);
    return;
  }
  if (send_window_ == 0 || in_flight() == 0) {
    probe_zero_window();
    return;
  }
  core_.counters.retransmission_timeouts.add();
  Sender state = sender();
  recovery_->on_timeout(backoff_ == 0, state);
  if (backoff_ < 255) ++backoff_;
  suspect_black_hole();
  start_retransmission_timer();
  schedule();
}

void Connection::retry_handshake() {
  if (backoff_ >= core_.config.syn_retries) {
    core_.counters.connections_failed.add();
    fail(StreamError::kTimedOut);
    return;
  }
  ++backoff_;
  syn_due_ = true;
  schedule();
}

// RFC 9293 section 3.8.6.1: one byte that the peer may refuse. A window that opens too little to be
// worth filling ends here too: then what fits is sent (section 3.8.6.2.1, the override timeout).
void Connection::probe_zero_window() {
  core_.counters.zero_window_probes.add();
  if (backoff_ < 255) ++backoff_;
  const auto queued = static_cast<std::uint32_t>(queue_.size());
  const std::uint32_t size =
      std::min({queued, std::max(send_window_, 1U), std::uint32_t{segment_size_}});
  send_piece(0, size, finish_requested_ && queued == 0);
  start_retransmission_timer();
}

// While something is to be sent retransmissions and window probes find out, and the peer's answer
// begins the wait anew. After its handler's end a connection has another deadline.
Instant Connection::keep_alive_deadline() const {
  const StackConfig& config = core_.config;
  if (!config.keep_alive || !synchronized() || handler_ == nullptr) return kNever;
  if (left_to_send() > 0) return core_.now() + config.keep_alive_idle;
  const auto since = std::chrono::milliseconds(core_.timestamp_now() - heard_at_);
  return core_.now() - since + config.keep_alive_idle +
         keep_alive_probes_ * config.keep_alive_interval;
}

// A segment without payload, before the window, that every peer answers with an ACK, or with a
// reset if it has forgotten the connection.
void Connection::keep_alive() {
  if (keep_alive_probes_ >= core_.config.keep_alive_probes) {
    core_.counters.keep_alive_timeouts.add();
    give_up();
    return;
  }
  ++keep_alive_probes_;
  core_.counters.keep_alive_probes.add();
  core_.writer.send_bare({.flow = flow_,
                          .sequence = send_highest_ - 1U,
                          .acknowledgment = receive_next_,
                          .flags = static_cast<std::uint8_t>(wire::kAck | ecn_.echo()),
                          .window = next_window_field(),
                          .options = segment_options()},
                         offloads_, next_hop_);
}

void Connection::give_up() {
  core_.counters.connections_timed_out.add();
  fail(StreamError::kTimedOut);
}

// The handler let go long ago and the peer does nothing for the connection's end.
void Connection::give_up_orphan() {
  core_.counters.connections_orphaned.add();
  end_orphan();
}

// A peer that has everything needs no reset, which might cost it what it has not yet read.
void Connection::end_orphan() {
  if (state_ == State::kFinWait2) {
    leave_table();
    finish_up();
  } else {
    abort();
  }
}

}  // namespace sluice::tcp
