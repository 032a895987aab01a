#include "dataplane/tcp/connection_view.h"

#include <algorithm>

namespace sluice::tcp {
namespace {

Duration until(Instant deadline, Instant now) {
  if (deadline == kNever) return ConnectionView::kNoDeadline;
  return std::max(deadline - now, Duration::zero());
}

std::string_view loss_detection(bool sack, bool rack) {
  if (!sack) return "duplicate-acks";
  return rack ? "rack-tlp" : "sack";
}

std::uint32_t resent_bytes(const Scoreboard& board) {
  std::uint32_t sum = 0;
  for (std::size_t index = 0; index < board.size(); ++index) {
    if (board.at(index).resent) sum += board.part(index).size();
  }
  return sum;
}

}  // namespace

ConnectionView ConnectionInspector::view(const Connection& connection) {
  ConnectionView view;
  view.flow = connection.flow_;
  view.state = connection.state_;
  view.age = age(connection);
  view.since_heard =
      std::chrono::milliseconds(connection.core_.timestamp_now() - connection.heard_at_);
  view.timestamps = connection.timestamps_;
  view.sack = connection.sack_;
  view.window_scaling = connection.window_scaling_;
  view_sending(connection, view);
  view_receiving(connection, view);
  view_congestion(connection, view);
  view_recovery(connection, view);
  view_round_trip(connection, view);
  view_timers(connection, view);
  return view;
}

Duration ConnectionInspector::age(const Connection& connection) {
  const auto now =
      std::chrono::floor<std::chrono::seconds>(connection.core_.now().time_since_epoch());
  return now - std::chrono::seconds(connection.opened_at_);
}

// Of the queued bytes those that were sent, perhaps before a timeout; a SYN or FIN is none of them.
std::uint32_t ConnectionInspector::sent_of_queue(const Connection& connection) {
  const auto queued = static_cast<std::uint32_t>(connection.queue_.size());
  return std::min(queued, connection.send_highest_ - connection.send_unacknowledged_);
}

void ConnectionInspector::view_sending(const Connection& connection, ConnectionView& view) {
  view.unacknowledged = static_cast<std::uint32_t>(connection.queue_.size());
  view.acknowledged = connection.acknowledged_bytes_;
  view.sent = view.acknowledged + sent_of_queue(connection);
  view.in_flight = connection.in_flight();
  view.send_window = connection.send_window_;
  view.send_shift = connection.send_shift_;
  view.segment_size = connection.segment_size_;
  view.finish_sent = connection.fin_sent_;
}

void ConnectionInspector::view_receiving(const Connection& connection, ConnectionView& view) {
  const bool receiving = connection.synchronized() && !connection.peer_finished_;
  if (receiving && connection.advertised_edge_ > connection.receive_next_) {
    view.receive_window = connection.advertised_edge_ - connection.receive_next_;
  }
  view.received = connection.delivered_bytes_;
  view.receive_shift = connection.receive_shift_;
  view.receive_buffer = connection.receive_buffer_;
  view.unconsumed = connection.unconsumed_;
  view.out_of_order = static_cast<std::uint32_t>(connection.reassembly_.size());
  view.out_of_order_runs = static_cast<std::uint32_t>(connection.reassembly_.runs());
  view.peer_finished = connection.peer_finished_;
}

void ConnectionInspector::view_congestion(const Connection& connection, ConnectionView& view) {
  const CongestionControl& congestion = connection.congestion_;
  view.congestion_algorithm = congestion.algorithm();
  view.congestion_window = congestion.window();
  if (!congestion.in_first_slow_start()) view.slow_start_threshold = congestion.threshold();
}

void ConnectionInspector::view_recovery(const Connection& connection, ConnectionView& view) {
  view.loss_detection = loss_detection(connection.sack_, connection.core_.config.rack);
  view.reordering_seen = connection.reordering_.seen();
  view.reordering_window = connection.reordering_.size(connection.round_trip_, false);
  view.retransmits = connection.retransmits_;
  if (connection.recovery_ == nullptr) return;
  const Recovery& recovery = *connection.recovery_;
  view.recovery = recovery.phase();
  view.pipe = recovery.pipe();
  view.sacked = recovery.board().sacked();
  view.lost = recovery.board().lost();
  view.resent = resent_bytes(recovery.board());
}

void ConnectionInspector::view_round_trip(const Connection& connection, ConnectionView& view) {
  view.measured = connection.round_trip_.measured();
  view.round_trip = connection.round_trip_.smoothed();
  view.round_trip_variation = connection.round_trip_.variation();
  view.round_trip_minimum = connection.round_trip_.minimum();
  view.retransmission_timeout = connection.backed_off_timeout();
  view.backoff = connection.backoff_;
}

void ConnectionInspector::view_timers(const Connection& connection, ConnectionView& view) {
  const Instant now = connection.core_.now();
  view.retransmits_in = until(connection.retransmit_at_, now);
  if (connection.recovery_ != nullptr) {
    view.recovers_in = until(connection.recovery_->early_deadline(), now);
  }
  view.acknowledges_in = until(connection.acknowledge_at_, now);
  view.keep_alive_in = until(connection.keep_alive_deadline(), now);
  view.gives_up_in = until(connection.orphan_until_, now);
}

}  // namespace sluice::tcp
