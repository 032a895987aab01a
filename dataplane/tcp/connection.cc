#include "dataplane/tcp/connection.h"

#include <algorithm>
#include <utility>

#include "dataplane/tcp/segment_size.h"
#include "dataplane/tcp/time_wait.h"

namespace sluice::tcp {
namespace {

// RFC 9293 section 3.7.1: what a peer that sends no MSS option can take.
constexpr std::uint16_t kDefaultSegmentSizeV4 = 536;
constexpr std::uint16_t kDefaultSegmentSizeV6 = 1220;
// A peer that offers less would make every byte cost a header; nobody honest does.
constexpr std::uint16_t kSmallestSegmentSize = 64;

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case State::kClosed:
      return "CLOSED";
    case State::kSynSent:
      return "SYN-SENT";
    case State::kSynReceived:
      return "SYN-RECEIVED";
    case State::kEstablished:
      return "ESTABLISHED";
    case State::kFinWait1:
      return "FIN-WAIT-1";
    case State::kFinWait2:
      return "FIN-WAIT-2";
    case State::kCloseWait:
      return "CLOSE-WAIT";
    case State::kClosing:
      return "CLOSING";
    case State::kLastAck:
      return "LAST-ACK";
  }
  return "?";
}

Negotiated Negotiated::from(const Segment& syn, const StackConfig& config) {
  const wire::TcpOptions& options = syn.options;
  Negotiated result;
  result.peer_segment_size =
      std::max(options.maximum_segment_size.value_or(
                   syn.flow.remote.is_v4() ? kDefaultSegmentSizeV4 : kDefaultSegmentSizeV6),
               kSmallestSegmentSize);
  result.window_scaling = options.window_scale.has_value();
  result.peer_window_shift = options.window_scale.value_or(0);
  result.timestamps = options.timestamps.has_value() && config.timestamps;
  result.recent_timestamp = result.timestamps ? options.timestamps->value : 0;
  result.sack = options.sack_permitted && config.sack;
  result.ecn = config.ecn != EcnUse::kOff && asks_for_ecn(syn);
  return result;
}

void ConnectionList::push(Connection& connection) {
  if (connection.scheduled_) return;
  connection.scheduled_ = true;
  connection.next_in_list_ = nullptr;
  if (tail_ == nullptr) {
    head_ = &connection;
  } else {
    tail_->next_in_list_ = &connection;
  }
  tail_ = &connection;
  ++size_;
}

Connection& ConnectionList::pop() {
  Connection& first = *head_;
  head_ = first.next_in_list_;
  if (head_ == nullptr) tail_ = nullptr;
  first.scheduled_ = false;
  --size_;
  return first;
}

Connection::Connection(Core& core, const wire::FlowKey& flow, std::uint64_t hash,
                       const ip::Path& path)
    : flow_(flow),
      offloads_(path.offloads),
      core_(core),
      receive_buffer_(std::min(core.config.receive_buffer_initial, core.config.receive_buffer)),
      timestamp_offset_(core.timestamp_offset(flow)),
      opened_at_(static_cast<std::uint32_t>(
          std::chrono::floor<std::chrono::seconds>(core.now().time_since_epoch()).count())),
      heard_at_(core.timestamp_now()),
      challenged_at_(core.timestamp_now() - kChallengeSpacing),
      segment_size_(segment_size_within(path.path_mtu, flow.remote)),
      offered_segment_size_(segment_size_within(path.mtu, flow.remote)),
      progress_at_(core.now()),
      hash_(hash),
      timer_(*this) {}

Connection::Connection(Core& core, const wire::FlowKey& flow, std::uint64_t hash,
                       const ip::Path& path, StreamHandler& handler, SequenceNumber initial_send)
    : Connection(core, flow, hash, path) {
  state_ = State::kSynSent;
  handler_ = &handler;
  receive_shift_ = window_scale_for(core.config.receive_buffer);
  send_unacknowledged_ = send_next_ = send_highest_ = initial_send;
  syn_due_ = true;
  schedule();
}

Connection::Connection(Core& core, const wire::FlowKey& flow, std::uint64_t hash,
                       const ip::Path& path, const Negotiated& negotiated,
                       SequenceNumber initial_send, SequenceNumber initial_receive)
    : Connection(core, flow, hash, path) {
  state_ = State::kEstablished;
  send_unacknowledged_ = send_next_ = send_highest_ = initial_send + 1;
  receive_next_ = last_acknowledged_sent_ = initial_receive + 1;
  window_sequence_ = initial_receive;
  window_acknowledgment_ = initial_send;
  // What the SYN-ACK told: its window is never scaled (RFC 7323 section 2.2).
  advertised_edge_ = receive_next_ + std::min<std::uint32_t>(core.receive_limit, 0xffff);
  apply(negotiated);
}

void Connection::apply(const Negotiated& negotiated) {
  timestamps_ = negotiated.timestamps;
  sack_ = negotiated.sack;
  recent_timestamp_ = negotiated.recent_timestamp;
  recent_timestamp_at_ = core_.now();
  if (negotiated.ecn) {
    core_.counters.ecn_connections.add();
    ecn_.agree();
  }
  window_scaling_ = negotiated.window_scaling;
  send_shift_ = negotiated.peer_window_shift;
  receive_shift_ =
      window_scaling_ ? window_scale_for(core_.config.receive_buffer) : std::uint8_t{0};
  segment_size_ = std::min(negotiated.peer_segment_size, segment_size_);
  if (timestamps_) segment_size_ = static_cast<std::uint16_t>(segment_size_ - kTimestampOption);
  congestion_.start(core_.config.congestion_control, segment_size_);
}

void Connection::set_handler(StreamHandler& handler) {
  handler_ = &handler;
  fire_by(keep_alive_deadline());
}

void Connection::send(ByteChain data) {
  if (finish_requested_ || state_ == State::kClosed) return;
  note_activity();
  queue_.append(std::move(data));
  schedule();
}

void Connection::finish() {
  if (finish_requested_ || state_ == State::kClosed) return;
  note_activity();
  finish_requested_ = true;
  schedule();
}

// Something is to be sent. When nothing was for a retransmission timeout, the window starts anew
// (RFC 5681 section 4.1); the peer has until now had nothing to acknowledge.
void Connection::note_activity() {
  if (!queue_.empty() || in_flight() > 0) return;
  if (synchronized() && core_.now() - progress_at_ > backed_off_timeout() &&
      congestion_.window() > initial_window(segment_size_)) {
    core_.counters.idle_restarts.add();
    congestion_.on_idle(segment_size_);
  }
  progress_at_ = core_.now();
}

// A window that opens by little is not told (RFC 9293 section 3.8.6.2.2).
void Connection::consume(std::size_t bytes) {
  unconsumed_ -= std::min(static_cast<std::uint32_t>(bytes), unconsumed_);
  if (!synchronized() || peer_finished_) return;
  tune_receive_buffer(static_cast<std::uint32_t>(bytes));
  const SequenceNumber edge = receive_next_ + receive_window();
  if (edge <= advertised_edge_) return;
  const std::uint32_t worth_telling =
      std::min<std::uint32_t>(receive_limit() / 2, 2U * offered_segment_size_);
  if (edge - advertised_edge_ >= worth_telling) {
    ack_due_ = AckDue::kNow;
    schedule();
  }
}

void Connection::close() {
  handler_ = nullptr;
  if (state_ == State::kClosed) {
    finish_up();
    return;
  }
  if (state_ == State::kSynSent) {
    leave_table();
    finish_up();
    return;
  }
  finish();
  orphan_until_ = core_.now() + core_.config.orphan_timeout;
  fire_by(orphan_until_);
  note_fin_awaited();
}

void Connection::abort() {
  handler_ = nullptr;
  if (state_ != State::kClosed) {
    if (state_ != State::kSynSent) {
      core_.counters.connections_aborted.add();
      send_reset();
    }
    leave_table();
  }
  finish_up();
}

void Connection::shut_down() {
  if (awaits_fin_) return end_orphan();
  if (state_ == State::kClosed) return;
  if (state_ != State::kSynSent) send_reset();
  core_.counters.connections_aborted.add();
  fail(StreamError::kShutDown);
}

// RFC 9293 section 3.10.5.
void Connection::send_reset() {
  core_.counters.resets_sent.add();
  core_.writer.send_bare({.flow = flow_,
                          .sequence = bare_sequence(),
                          .acknowledgment = receive_next_,
                          .flags = wire::kRst | wire::kAck},
                         offloads_, next_hop_);
}

void Connection::schedule() {
  core_.ready.push(*this);
}

// Ends the connection and tells the handler, if it has one.
void Connection::fail(StreamError error) {
  leave_table();
  StreamHandler* handler = handler_;
  handler_ = nullptr;
  if (handler != nullptr) handler->on_failure(error);
  finish_up();
}

// The connection is over for TCP; what is left is a record. The handler may hold on to the object.
void Connection::end_in_time_wait() {
  core_.time_wait->take_over(hash_, self_,
                             {.flow = flow_,
                              .send_next = send_highest_,
                              .receive_next = receive_next_,
                              .recent_timestamp = recent_timestamp_,
                              .timestamps = timestamps_});
  release_memory();
  if (handler_ == nullptr) finish_up();
}

// Nobody here cares for what still comes, and the peer has everything.
void Connection::note_fin_awaited() {
  if (handler_ != nullptr || state_ != State::kFinWait2 || awaits_fin_) return;
  awaits_fin_ = true;
  core_.counters.awaiting_fin.add();
}

void Connection::leave_table() {
  if (state_ != State::kClosed) core_.flows.remove(hash_, self_);
  release_memory();
}

// All that the object holds outside of itself.
void Connection::release_memory() {
  state_ = State::kClosed;
  if (std::exchange(awaits_fin_, false)) core_.counters.awaiting_fin.subtract();
  queue_.clear();
  reassembly_.clear(core_.held_runs);
  if (recovery_ != nullptr) core_.recoveries.destroy(*std::exchange(recovery_, nullptr));
  timer_.disarm();
}

Sender Connection::sender() {
  return {.config = core_.config,
          .counters = core_.counters,
          .congestion = congestion_,
          .round_trip = round_trip_,
          .reordering = reordering_,
          .ecn = ecn_,
          .now = core_.now(),
          .segment_size = segment_size_,
          .sack = sack_,
          .timestamps = timestamps_};
}

// Freed at the end of the burst: some caller further up may still be inside a method.
void Connection::finish_up() {
  if (released_) return;
  released_ = true;
  core_.finished.push_back(this);
}

// RFC 1122 section 4.2.3.9: while connecting, an error means that this address does not work; once
// open, the connection outlives it. RFC 5927 section 4.1: a quoted segment must be one we sent.
void Connection::delivery_failed(const ip::DeliveryFailure& failure) {
  if (failure.problem == ip::DeliveryProblem::kPacketTooBig) {
    packet_too_big(SequenceNumber(failure.sequence), failure.mtu);
    return;
  }
  if (state_ != State::kSynSent) return;
  const bool ours = failure.problem == ip::DeliveryProblem::kNeighbourUnresolved ||
                    SequenceNumber(failure.sequence) == send_unacknowledged_;
  if (!ours) return;
  core_.counters.connections_failed.add();
  fail(StreamError::kUnreachable);
}

std::uint32_t Connection::left_to_send() const {
  const bool fin_left = finish_requested_ && state_ != State::kFinWait2;
  return static_cast<std::uint32_t>(queue_.size()) + (fin_left ? 1 : 0);
}

}  // namespace sluice::tcp
