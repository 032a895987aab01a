#include <algorithm>
#include <utility>

#include "dataplane/tcp/connection.h"

namespace sluice::tcp {
namespace {

// What is handed at once to a port that cuts segments itself.
constexpr std::uint32_t kLargestCut = 16 * 1024;

SendQueue::Pieces pieces_of(const port::Offloads& offloads) {
  if (!offloads.multi_segment) return SendQueue::Pieces::kNone;
  return offloads.large_pieces ? SendQueue::Pieces::kAny : SendQueue::Pieces::kSmall;
}

}  // namespace

bool Connection::output() {
  if (state_ == State::kClosed) return true;
  if (state_ == State::kSynSent || state_ == State::kSynReceived) {
    if (syn_due_) return send_syn();
    return ack_due_ == AckDue::kNone || send_acknowledgment();
  }
  if (!send_lost() || !send_data()) {
    // An ACK is small, and may be what brings buffers or room.
    if (ack_due_ == AckDue::kNow) (void)send_acknowledgment();
    return false;
  }
  if (recovery_ != nullptr && recovery_->release_repairs() && !send_lost()) return false;
  if (ack_due_ == AckDue::kNow) return send_acknowledgment();
  if (ack_due_ == AckDue::kDelayed && acknowledge_at_ == kNever) {
    acknowledge_at_ = core_.now() + core_.config.delayed_ack;
    fire_by(acknowledge_at_);
  }
  return true;
}

// RFC 3168 section 6.1.1.1: some networks drop SYNs that ask for ECN, so that only the first does.
bool Connection::send_syn() {
  const bool simultaneous = state_ == State::kSynReceived;
  const bool ask_for_ecn = core_.config.ecn == EcnUse::kRequest && backoff_ == 0;
  const std::uint8_t beside_syn = simultaneous  ? std::uint8_t{wire::kAck}
                                  : ask_for_ecn ? std::uint8_t{wire::kEce | wire::kCwr}
                                                : std::uint8_t{0};
  wire::TcpOptions options;
  options.maximum_segment_size = offered_segment_size_;
  if (!simultaneous || window_scaling_) {
    options.window_scale = window_scale_for(core_.config.receive_buffer);
  }
  if (simultaneous ? timestamps_ : core_.config.timestamps) {
    options.timestamps = {{core_.timestamp_now() + timestamp_offset_, recent_timestamp_}};
  }
  options.sack_permitted = core_.config.sack && (!simultaneous || sack_);
  const bool sent = core_.writer.send_bare(
      {.flow = flow_,
       .sequence = send_unacknowledged_,
       .acknowledgment = receive_next_,
       .flags = static_cast<std::uint8_t>(wire::kSyn | beside_syn),
       .window = static_cast<std::uint16_t>(std::min<std::uint32_t>(core_.receive_limit, 0xffff)),
       .options = options},
      offloads_, next_hop_);
  if (!sent) return false;
  if (send_highest_ != send_unacknowledged_) core_.counters.retransmitted_segments.add();
  send_next_ = send_highest_ = send_unacknowledged_ + 1;
  syn_due_ = false;
  ack_due_ = AckDue::kNone;
  start_retransmission_timer();
  return true;
}

// Data had better wait here than in a queue that may overflow: what is dropped there would be taken
// for congestion of the path, by the connections that have the least to do with it.
bool Connection::port_has_room() {
  if (core_.egress.has_room(next_hop_)) return true;
  core_.counters.port_waits.add();
  start_retransmission_timer();
  return false;
}

// What is taken for lost, the earliest first, as far as the peer's window and the congestion window
// allow. False when buffers ran out or the port has no room.
bool Connection::send_lost() {
  while (recovery_ != nullptr) {
    const auto lost = recovery_->first_lost();
    if (!lost) break;
    const std::uint32_t limit = payload_limit();
    const std::uint32_t offset = lost->begin - send_unacknowledged_;
    // With nothing in the network there is nothing to wait for.
    const std::uint32_t least = recovery_->pipe() == 0 ? limit : 0;
    const std::uint32_t room = std::max(congestion_room(), least);
    std::uint32_t size = std::min({lost->size(), window_room(offset), largest_piece()});
    if (size > room) size = room / limit * limit;
    if (size == 0) break;
    if (!port_has_room()) return false;
    const auto queued = static_cast<std::uint32_t>(queue_.size());
    const std::uint32_t bytes = std::min(size, queued - std::min(queued, offset));
    if (send_piece(offset, bytes, bytes < size) < size) {
      start_retransmission_timer();
      return false;
    }
  }
  return true;
}

// A tail loss probe (RFC 8985 section 7.3): a new segment beside the congestion window, or the last
// one again.
void Connection::send_probe() {
  const auto queued = static_cast<std::uint32_t>(queue_.size());
  const std::uint32_t limit = payload_limit();
  std::uint32_t offset = in_flight();
  std::uint32_t size = std::min({queued - std::min(queued, offset), limit, window_room(offset)});
  const bool repeats = size == 0;
  if (repeats) {
    const Scoreboard& board = recovery_->board();
    const Scoreboard::Part last = board.part(board.size() - 1);
    size = std::min(last.size(), limit);
    offset = last.end - size - send_unacknowledged_;
    size = std::min(size, queued - std::min(queued, offset));
  }
  const bool with_fin = repeats ? fin_sent_ && offset + size == queued : false;
  const std::uint32_t sent = send_piece(offset, size, with_fin);
  if (sent == 0) return;
  if (!repeats) send_next_ += sent;
  Sender state = sender();
  recovery_->note_probe(repeats, state);
}

// New data and the FIN, as far as the peer's window and the congestion window allow. False when
// buffers ran out or the port has no room.
bool Connection::send_data() {
  bool sent_some = false;
  while (left_to_send() > in_flight()) {
    const std::uint32_t offset = in_flight();
    const auto queued = static_cast<std::uint32_t>(queue_.size());
    const std::uint32_t unsent = queued > offset ? queued - offset : 0;
    const std::uint32_t room = std::min(window_room(offset), congestion_room());
    const std::uint32_t size = std::min({unsent, room, largest_piece()});
    const bool last = finish_requested_ && size == unsent && size < room;
    if (size == 0 && !last) break;
    // Silly windows are not filled (RFC 9293 section 3.8.6.2.1); a small last piece is not silly.
    if (size < unsent && size < payload_limit() && size < largest_send_window_ / 2) break;
    if (!port_has_room()) return false;
    const std::uint32_t sent = send_piece(offset, size, last);
    send_next_ += sent;
    if (sent < size || (size == 0 && sent == 0)) {
      start_retransmission_timer();
      return false;
    }
    sent_some = true;
  }
  // With nothing in flight and something left the timer is what probes the peer's window.
  if (left_to_send() > 0 || in_flight() > 0) start_retransmission_timer();
  if (sent_some) {
    recovery_->note_limit(congestion_room() < segment_size_);
    schedule_probe();
  }
  return true;
}

// The congestion window doubles in a round trip while it is sought for (RFC 5681 section 3.1). The
// first widening then comes before anything is missing, and no round trip is lost to it.
bool Connection::starves() const {
  const std::uint64_t in_a_round = std::min(congestion_.window(), send_window_);
  return synchronized() && in_a_round >= segment_size_ && queue_.size() < 2 * in_a_round;
}

std::uint32_t Connection::congestion_room() const {
  return recovery_ == nullptr ? congestion_.window() : recovery_->room(congestion_.window());
}

// How much of what lies at an offset the peer's window takes.
std::uint32_t Connection::window_room(std::uint32_t offset) const {
  return send_window_ > offset ? send_window_ - offset : 0;
}

// Ports differ in what they make of a CWR when they cut: the segment that has it goes alone, so
// that no other one has it.
std::uint32_t Connection::largest_piece() const {
  const std::uint32_t limit = payload_limit();
  if (!offloads_.segmentation || !offloads_.multi_segment || ecn_.tells_reduction()) return limit;
  return std::max(kLargestCut / limit, 1U) * limit;
}

// The segment size leaves room for timestamps; SACK blocks take more.
std::uint16_t Connection::payload_limit() const {
  if (!sack_ || !holds_out_of_order()) return segment_size_;
  const std::size_t blocks = std::min(reassembly_.runs() + (fin_at_ ? 1 : 0),
                                      wire::TcpOptions::most_sack_blocks(timestamps_));
  return static_cast<std::uint16_t>(segment_size_ - 4 - 8 * blocks);
}

// RFC 3168 sections 6.1.4 to 6.1.6: new data alone, and no probe of a closed window.
bool Connection::may_be_marked(std::uint32_t offset, std::uint32_t bytes) const {
  return ecn_.sends() && bytes > 0 && bytes <= window_room(offset) &&
         send_unacknowledged_ + offset >= send_highest_;
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
      queue_.read(offset, size, packet, core_.pool, pieces_of(offloads_)));
  if (read < size) {
    with_fin = false;
    if (read == 0) {
      core_.counters.no_buffer.add();
      return 0;
    }
  }
  const SequenceNumber sequence = send_unacknowledged_ + offset;
  const bool push = offset + read == queue_.size();
  const std::uint16_t limit = payload_limit();
  const bool markable = may_be_marked(offset, read);
  const bool tells_reduction = markable && ecn_.tells_reduction();
  if (tells_reduction) ecn_.on_told();
  core_.writer.send({.flow = flow_,
                     .sequence = sequence,
                     .acknowledgment = receive_next_,
                     .flags = static_cast<std::uint8_t>(
                         wire::kAck | (push ? wire::kPsh : 0) | (with_fin ? wire::kFin : 0) |
                         (tells_reduction ? wire::kCwr : 0) | ecn_.echo()),
                     .window = next_window_field(),
                     .options = segment_options(),
                     .cut_to = read > limit ? limit : std::uint16_t{0},
                     .ecn = markable ? wire::Ecn::kCapable0 : wire::Ecn::kNotCapable},
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
  if (recovery_ == nullptr) recovery_ = core_.recoveries.make(sequence, core_.ranges);
  recovery_->on_sent(sequence, end, core_.now());
  if (sequence < send_highest_) {
    core_.counters.retransmitted_segments.add();
    ++retransmits_;
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

bool Connection::send_acknowledgment(const wire::SackBlock& duplicate) {
  const bool sent =
      core_.writer.send_bare({.flow = flow_,
                              .sequence = bare_sequence(),
                              .acknowledgment = receive_next_,
                              .flags = static_cast<std::uint8_t>(wire::kAck | ecn_.echo()),
                              .window = next_window_field(),
                              .options = segment_options(duplicate)},
                             offloads_, next_hop_);
  if (!sent) return false;
  ack_due_ = AckDue::kNone;
  unacknowledged_segments_ = 0;
  acknowledge_at_ = kNever;
  last_acknowledged_sent_ = receive_next_;
  return true;
}

// RFC 2018 section 4: every ACK tells all it can of what is held. RFC 2883 section 4: a duplicate
// comes first, once.
wire::TcpOptions Connection::segment_options(const wire::SackBlock& duplicate) const {
  wire::TcpOptions options;
  if (timestamps_) {
    options.timestamps = {{core_.timestamp_now() + timestamp_offset_, recent_timestamp_}};
  }
  if (!sack_) return options;
  if (duplicate.begin != duplicate.end) options.sack.add(duplicate);
  if (holds_out_of_order()) {
    reassembly_.report(options.sack, wire::TcpOptions::most_sack_blocks(timestamps_), fin_at_,
                       core_.held_runs);
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
