#include "control/sessions/session_report.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "control/stats/text_table.h"

namespace sluice::control {
namespace {

using Json = nlohmann::ordered_json;
using tcp::ConnectionView;

std::string local_of(const ConnectionView& view) {
  return wire::Endpoint{view.flow.local, view.flow.local_port}.to_string();
}

std::string remote_of(const ConnectionView& view) {
  return wire::Endpoint{view.flow.remote, view.flow.remote_port}.to_string();
}

std::uint64_t seconds(Duration duration) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

// Milliseconds with three places.
Json milliseconds(Duration duration) {
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  return static_cast<double>(whole) / 1000;
}

std::string_view to_string(tcp::Recovery::Phase phase) {
  switch (phase) {
    case tcp::Recovery::Phase::kOpen:
      return "open";
    case tcp::Recovery::Phase::kFastRecovery:
      return "recovery";
    case tcp::Recovery::Phase::kRepair:
      return "loss";
  }
  return "?";
}

Json deadline(Duration left) {
  return left == ConnectionView::kNoDeadline ? Json() : milliseconds(left);
}

void put_sending(Json& object, const ConnectionView& view) {
  object["mss"] = view.segment_size;
  object["bytes_sent"] = view.sent;
  object["bytes_acknowledged"] = view.acknowledged;
  object["unacknowledged"] = view.unacknowledged;
  object["in_flight"] = view.in_flight;
  object["send_window"] = view.send_window;
  object["send_window_shift"] = view.send_shift;
  object["fin_sent"] = view.finish_sent;
}

void put_receiving(Json& object, const ConnectionView& view) {
  object["bytes_received"] = view.received;
  object["receive_window"] = view.receive_window;
  object["receive_window_shift"] = view.receive_shift;
  object["receive_buffer"] = view.receive_buffer;
  object["unconsumed"] = view.unconsumed;
  object["out_of_order"] = view.out_of_order;
  object["out_of_order_runs"] = view.out_of_order_runs;
  object["fin_received"] = view.peer_finished;
}

void put_congestion(Json& object, const ConnectionView& view) {
  object["congestion"] = to_string(view.congestion_algorithm);
  object["cwnd"] = view.congestion_window;
  object["ssthresh"] = view.slow_start_threshold == 0 ? Json() : Json(view.slow_start_threshold);
}

void put_recovery(Json& object, const ConnectionView& view) {
  object["recovery"] = to_string(view.recovery);
  object["loss_detection"] = view.loss_detection;
  object["pipe"] = view.pipe;
  object["sacked"] = view.sacked;
  object["lost"] = view.lost;
  object["retransmitted"] = view.resent;
  object["retransmits"] = view.retransmits;
  object["reordering_seen"] = view.reordering_seen;
  object["reordering_window_ms"] = view.measured ? milliseconds(view.reordering_window) : Json();
}

void put_round_trip(Json& object, const ConnectionView& view) {
  object["rtt_ms"] = view.measured ? milliseconds(view.round_trip) : Json();
  object["rttvar_ms"] = view.measured ? milliseconds(view.round_trip_variation) : Json();
  object["min_rtt_ms"] =
      view.round_trip_minimum == Duration::zero() ? Json() : milliseconds(view.round_trip_minimum);
  object["rto_ms"] = milliseconds(view.retransmission_timeout);
  object["backoff"] = view.backoff;
}

void put_timers(Json& object, const ConnectionView& view) {
  object["retransmission_in_ms"] = deadline(view.retransmits_in);
  object["recovery_in_ms"] = deadline(view.recovers_in);
  object["delayed_ack_in_ms"] = deadline(view.acknowledges_in);
  object["keep_alive_in_ms"] = deadline(view.keep_alive_in);
  object["give_up_in_ms"] = deadline(view.gives_up_in);
}

Json details(const FoundSession& session, const FlowNames& names) {
  const ConnectionView& view = session.view;
  Json object = Json::object();
  object["id"] = session.id.to_string();
  object["worker"] = session.id.worker;
  object["owner"] = names.of(view.flow);
  object["local"] = local_of(view);
  object["remote"] = remote_of(view);
  object["state"] = to_string(view.state);
  object["age_s"] = seconds(view.age);
  object["last_heard_ms"] = milliseconds(view.since_heard);
  put_congestion(object, view);
  put_recovery(object, view);
  put_round_trip(object, view);
  put_sending(object, view);
  put_receiving(object, view);
  object["timestamps"] = view.timestamps;
  object["sack"] = view.sack;
  object["window_scaling"] = view.window_scaling;
  put_timers(object, view);
  return object;
}

std::string to_text(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

constexpr std::string_view kMore =
    "There are more: choose by 'remote', 'local-port' or 'state', or raise 'limit'.\n";

}  // namespace

std::string list_sessions(std::span<const FoundSession> sessions, bool more, bool json,
                          const FlowNames& names) {
  TextTable table(
      {"id", "owner", "local", "remote", "state", "age_s", "in_flight", "unacknowledged"});
  for (const FoundSession& session : sessions) {
    const ConnectionView& view = session.view;
    table.add({session.id.to_string(), names.of(view.flow), local_of(view), remote_of(view),
               std::string(to_string(view.state)), seconds(view.age), std::uint64_t{view.in_flight},
               std::uint64_t{view.unacknowledged}});
  }
  if (!json) return table.format_text() + std::string(more ? kMore : "");
  std::string list = table.format_json();
  list.pop_back();
  return R"({"more":)" + std::string(more ? "true" : "false") + R"(,"sessions":)" + list + "}\n";
}

std::string detail_session(const FoundSession& session, bool json, const FlowNames& names) {
  const Json object = details(session, names);
  if (json) return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  std::size_t width = 0;
  for (const auto& [name, value] : object.items()) width = std::max(width, name.size());
  std::string text;
  for (const auto& [name, value] : object.items()) {
    text += name + std::string(width - name.size() + 2, ' ') + to_text(value) + "\n";
  }
  return text;
}

}  // namespace sluice::control
