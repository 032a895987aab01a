#include <algorithm>
#include <utility>

#include "dataplane/tcp/connection.h"

namespace sluice::tcp {
namespace {

// What is handed at once to a port that cuts segments itself.
constexpr std::uint32_t kLargestCut = 16 * 1024;

}  // namespace

bool Connection::output() {
  if (state_ == State::kClosed) return true;
  if (state_ == State::kSynSent || state_ == State::kSynReceived) {
    if (send_next_ == send_unacknowledged_) return send_syn();
    return ack_due_ == AckDue::kNone || send_acknowledgment();
  }
  if (repair_due_ && !send_first_again()) return false;
  if (!send_data()) return false;
  if (ack_due_ == AckDue::kNow) return send_acknowledgment();
  if (ack_due_ == AckDue::kDelayed && acknowledge_at_ == kNever) {
    acknowledge_at_ = core_.now() + core_.config.delayed_ack;
    arm_timer();
  }
  return true;
}

bool Connection::send_syn() {
  const bool simultaneous = state_ == State::kSynReceived;
  wire::TcpOptions options;
  options.maximum_segment_size = offered_segment_size_;
  if (!simultaneous || window_scaling_) {
    options.window_scale = window_scale_for(core_.config.receive_buffer);
  }
  if (!simultaneous || timestamps_) {
    options.timestamps = {{core_.timestamp_now() + timestamp_offset_, recent_timestamp_}};
  }
  const bool sent = core_.writer.send_bare(
      {.flow = flow_,
       .sequence = send_unacknowledged_,
       .acknowledgment = receive_next_,
       .flags = static_cast<std::uint8_t>(wire::kSyn | (simultaneous ? wire::kAck : 0)),
       .window = static_cast<std::uint16_t>(std::min<std::uint32_t>(core_.receive_limit, 0xffff)),
       .options = options},
      offloads_, next_hop_);
  if (!sent) return false;
  note_sent(send_unacknowledged_, 1);
  send_next_ = send_unacknowledged_ + 1;
  ack_due_ = AckDue::kNone;
  start_retransmission_timer();
  return true;
}

// New data and the FIN, as far as the peer's window and the congestion window allow. False when
// buffers ran out.
bool Connection::send_data() {
  while (left_to_send() > in_flight()) {
    const std::uint32_t offset = in_flight();
    const auto queued = static_cast<std::uint32_t>(queue_.size());
    const std::uint32_t unsent = queued > offset ? queued - offset : 0;
    const std::uint32_t room = sendable(offset);
    const std::uint32_t size = std::min({unsent, room, largest_piece()});
    const bool last = finish_requested_ && size == unsent && size < room;
    if (size == 0 && !last) break;
    // Silly windows are not filled (RFC 9293 section 3.8.6.2.1); a small last piece is not silly.
    if (size < unsent && size < segment_size_ && size < largest_send_window_ / 2) break;
    const std::uint32_t sent = send_piece(offset, size, last);
    send_next_ += sent;
    if (sent < size || (size == 0 && sent == 0)) {
      start_retransmission_timer();
      return false;
    }
  }
  // With nothing in flight and something left the timer is what probes the peer's window.
  if (left_to_send() > 0 || in_flight() > 0) start_retransmission_timer();
  return true;
}

std::uint32_t Connection::sendable(std::uint32_t offset) const {
  const std::uint32_t window = std::min(send_window_, congestion_.window());
  return window > offset ? window - offset : 0;
}

std::uint32_t Connection::largest_piece() const {
  if (!offloads_.segmentation || !offloads_.multi_segment) return segment_size_;
  return std::max(kLargestCut / segment_size_, 1U) * segment_size_;
}

// Repairs the first hole. The FIN alone may be what is missing.
bool Connection::send_first_again() {
  const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(queue_.size(), segment_size_));
  const bool with_fin = fin_sent_ && size == queue_.size();
  if (size > 0 || with_fin) {
    if (send_piece(0, size, with_fin) == 0) return false;
    start_retransmission_timer();
  }
  repair_due_ = false;
  return true;
}

// Sends `size` queued bytes at an offset, and the FIN behind them if asked. Returns what was sent,
// in sequence space: less than asked, or nothing, when buffers ran out.
std::uint32_t Connection::send_piece(std::uint32_t offset, std::uint32_t size, bool with_fin) {
  Packet packet = core_.pool.allocate();
  if (!packet) {
    core_.counters.no_buffer.add();
    return 0;
  }
  const auto read = static_cast<std::uint32_t>(
      queue_.read(offset, size, packet, core_.pool, offloads_.multi_segment));
  if (read < size) {
    with_fin = false;
    if (read == 0) {
      core_.counters.no_buffer.add();
      return 0;
    }
  }
  const SequenceNumber sequence = send_unacknowledged_ + offset;
  const bool push = offset + read == queue_.size();
  core_.writer.send({.flow = flow_,
                     .sequence = sequence,
                     .acknowledgment = receive_next_,
                     .flags = static_cast<std::uint8_t>(wire::kAck | (push ? wire::kPsh : 0) |
                                                        (with_fin ? wire::kFin : 0)),
                     .window = next_window_field(),
                     .options = segment_options(),
                     .cut_to = read > segment_size_ ? segment_size_ : std::uint16_t{0}},
                    std::move(packet), offloads_, next_hop_);
  if (with_fin && !fin_sent_) {
    fin_sent_ = true;
    state_ = state_ == State::kCloseWait ? State::kLastAck : State::kFinWait1;
  }
  note_sent(sequence, read + (with_fin ? 1 : 0));
  return read + (with_fin ? 1 : 0);
}

// Every segment carries an ACK; what was due has been sent with it.
void Connection::note_sent(SequenceNumber sequence, std::uint32_t length) {
  const SequenceNumber end = sequence + length;
  if (sequence < send_highest_) {
    core_.counters.retransmitted_segments.add();
    if (timing_ && sequence < timed_sequence_) timing_ = false;
  } else if (!timing_) {
    timing_ = true;
    timed_sequence_ = end;
    timed_at_ = core_.now();
  }
  if (end > send_highest_) {
    core_.counters.payload_bytes_sent.add(end - later_of(send_highest_, sequence));
    send_highest_ = end;
  }
  ack_due_ = AckDue::kNone;
  unacknowledged_segments_ = 0;
  acknowledge_at_ = kNever;
  last_acknowledged_sent_ = receive_next_;
}

// For a segment without payload: behind everything that was sent, which a timeout's pulling back of
// SND.NXT does not change. A peer that has received it would take an earlier number for an old
// segment and ignore the ACK. Not beyond its window, for the same reason.
SequenceNumber Connection::bare_sequence() const {
  return earlier_of(send_highest_, later_of(send_unacknowledged_ + send_window_, send_next_));
}

bool Connection::send_acknowledgment() {
  const bool sent = core_.writer.send_bare({.flow = flow_,
                                            .sequence = bare_sequence(),
                                            .acknowledgment = receive_next_,
                                            .flags = wire::kAck,
                                            .window = next_window_field(),
                                            .options = segment_options()},
                                           offloads_, next_hop_);
  if (!sent) return false;
  ack_due_ = AckDue::kNone;
  unacknowledged_segments_ = 0;
  acknowledge_at_ = kNever;
  last_acknowledged_sent_ = receive_next_;
  return true;
}

wire::TcpOptions Connection::segment_options() const {
  wire::TcpOptions options;
  if (timestamps_) {
    options.timestamps = {{core_.timestamp_now() + timestamp_offset_, recent_timestamp_}};
  }
  return options;
}

std::uint32_t Connection::receive_limit() const {
  return std::min(core_.receive_limit, receive_buffer_);
}

std::uint32_t Connection::receive_window() const {
  return receive_limit() > unconsumed_ ? receive_limit() - unconsumed_ : 0;
}

// The window to be told. Its right edge never moves back (RFC 9293 section 3.8.6), and forward
// only by something worth a segment (section 3.8.6.2.2). Rounded up, so that the shift does not
// move it back either.
std::uint16_t Connection::next_window_field() {
  const SequenceNumber edge = receive_next_ + receive_window();
  const std::uint32_t worth_telling =
      std::min<std::uint32_t>(receive_limit() / 2, offered_segment_size_);
  const bool told = advertised_edge_ >= receive_next_;
  const bool move = !told || (edge > advertised_edge_ && edge - advertised_edge_ >= worth_telling);
  const std::uint32_t window = (move ? edge : advertised_edge_) - receive_next_;
  const std::uint32_t rounding = (std::uint32_t{1} << receive_shift_) - 1;
  const std::uint32_t field =
      std::min<std::uint32_t>((window + rounding) >> receive_shift_, 0xffff);
  advertised_edge_ = later_of(advertised_edge_, receive_next_ + (field << receive_shift_));
  return static_cast<std::uint16_t>(field);
}

}  // namespace sluice::tcp
