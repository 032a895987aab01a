#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "control/metrics/labelled_report.h"
#include "control/metrics/metric_families.h"

namespace sluice::control {
namespace {

// Which rows have a metric.
constexpr unsigned kF = 1;
constexpr unsigned kB = 2;
constexpr unsigned kS = 4;
constexpr unsigned kAll = kF | kB | kS;

constexpr MetricType kCounter = MetricType::kCounter;
constexpr MetricType kGauge = MetricType::kGauge;

enum class Unit : std::uint8_t { kOne, kMilliseconds };

struct RowMetric {
  std::string_view name;
  StatColumnName column;
  unsigned rows;
  MetricType type;
  std::string_view help;
  Unit unit = Unit::kOne;  // of the column; the metric is in seconds
};

constexpr std::array kRowMetrics{
    RowMetric{"current_queue", "qcur", kB | kS, kGauge, "requests that wait for a server now"},
    RowMetric{"max_queue", "qmax", kB | kS, kGauge, "the most of them at once so far"},
    RowMetric{"queue_limit", "qlimit", kS, kGauge, "requests that may wait for it"},
    RowMetric{"current_sessions", "scur", kAll, kGauge, "sessions now; of servers, requests"},
    RowMetric{"max_sessions", "smax", kAll, kGauge,
              "the most of them so far: each worker's maximum, added up"},
    RowMetric{"limit_sessions", "slim", kAll, kGauge, "sessions there may be"},
    RowMetric{"sessions_total", "stot", kAll, kCounter, "sessions"},
    RowMetric{"connections_total", "conn_tot", kF, kCounter, "clients' connections"},
    RowMetric{"bytes_in_total", "bin", kAll, kCounter, "bytes of requests"},
    RowMetric{"bytes_out_total", "bout", kAll, kCounter, "bytes of responses"},
    RowMetric{"http_requests_total", "req_tot", kF | kB, kCounter, "requests"},
    RowMetric{"requests_denied_total", "dreq", kF | kB, kCounter,
              "requests refused by a rule, or for their method"},
    RowMetric{"responses_denied_total", "dresp", kAll, kCounter, "responses refused by a rule"},
    RowMetric{"request_errors_total", "ereq", kF, kCounter,
              "requests that were malformed, too slow or cut off"},
    RowMetric{"denied_connections_total", "dcon", kF, kCounter, "connections refused by a rule"},
    RowMetric{"denied_sessions_total", "dses", kF, kCounter, "sessions refused by a rule"},
    RowMetric{"intercepted_requests_total", "intercepted", kF, kCounter,
              "requests answered without a server"},
    RowMetric{"connection_errors_total", "econ", kB | kS, kCounter,
              "requests that found no server; of servers, failed attempts to connect"},
    RowMetric{"response_errors_total", "eresp", kB | kS, kCounter,
              "responses that were malformed, too late or cut off"},
    RowMetric{"retry_warnings_total", "wretr", kB | kS, kCounter, "attempts after the first"},
    RowMetric{"redispatch_warnings_total", "wredis", kB | kS, kCounter,
              "of these, with another server"},
    RowMetric{"retries_withheld_total", "retry_withheld", kB, kCounter,
              "attempts not made, the budget of retries being used up"},
    RowMetric{"queued_total", "queued_tot", kB, kCounter, "requests that had to wait for a server"},
    RowMetric{"queue_refusals_total", "queue_refused", kB, kCounter,
              "of these, refused: too many waited, or for too long"},
    RowMetric{"ejections_total", "eject", kS, kCounter,
              "times it was taken out for failures in a row"},
    RowMetric{"client_aborts_total", "cli_abrt", kAll, kCounter,
              "responses that their client did not wait for"},
    RowMetric{"server_aborts_total", "srv_abrt", kB | kS, kCounter,
              "responses that their server broke off"},
    RowMetric{"failed_header_rewriting_total", "wrew", kAll, kCounter,
              "header changes that found no room"},
    RowMetric{"internal_errors_total", "eint", kAll, kCounter, "errors of Sluice's own"},
    RowMetric{"weight", "weight", kB | kS, kGauge, "weight in use; of backends, of all servers"},
    RowMetric{"uweight", "uweight", kB | kS, kGauge,
              "weight as it is set; of backends, of all servers"},
    RowMetric{"active_servers", "act", kB, kGauge, "usable servers that are no backup"},
    RowMetric{"backup_servers", "bck", kB, kGauge, "usable backup servers"},
    RowMetric{"current_throttle", "throttle", kS, kGauge,
              "percentage of its weight that a server has during its slow start"},
    RowMetric{"check_failures_total", "chkfail", kS, kCounter, "failed health checks"},
    RowMetric{"check_up_down_total", "chkdown", kB | kS, kCounter, "times it went down"},
    RowMetric{"check_last_change_seconds", "lastchg", kB | kS, kGauge,
              "time since it last went up or down"},
    RowMetric{"check_code", "check_code", kS, kGauge, "status of the last HTTP health check"},
    RowMetric{"check_duration_seconds", "check_duration", kS, kGauge,
              "how long the last health check took", Unit::kMilliseconds},
    RowMetric{"downtime_seconds_total", "downtime", kB | kS, kCounter, "time it was down"},
    RowMetric{"loadbalanced_total", "lbtot", kB | kS, kCounter, "times it was chosen"},
    RowMetric{"limit_session_rate", "rate_lim", kF, kGauge, "sessions a second there may be"},
    RowMetric{"max_session_rate", "rate_max", kAll, kGauge, "the most sessions in a second so far"},
    RowMetric{"connections_rate_max", "conn_rate_max", kF, kGauge,
              "the most connections in a second so far"},
    RowMetric{"http_requests_rate_max", "req_rate_max", kF, kGauge,
              "the most requests in a second so far"},
    RowMetric{"last_session_seconds", "lastsess", kB | kS, kGauge,
              "time since the last request; -1: there was none"},
    RowMetric{"queue_time_average_seconds", "qtime", kB | kS, kGauge,
              "average time in the queue, of about the last 1024", Unit::kMilliseconds},
    RowMetric{"connect_time_average_seconds", "ctime", kB | kS, kGauge,
              "average time to connect, of about the last 1024", Unit::kMilliseconds},
    RowMetric{"response_time_average_seconds", "rtime", kB | kS, kGauge,
              "average time from a request sent to the head of its response, of about the last "
              "1024",
              Unit::kMilliseconds},
    RowMetric{"total_time_average_seconds", "ttime", kB | kS, kGauge,
              "average time from a request's head to the end of its response, of about the last "
              "1024",
              Unit::kMilliseconds},
    RowMetric{"max_queue_time_seconds", "qtime_max", kB | kS, kGauge,
              "the longest time in the queue", Unit::kMilliseconds},
    RowMetric{"max_connect_time_seconds", "ctime_max", kB | kS, kGauge,
              "the longest time to connect", Unit::kMilliseconds},
    RowMetric{"max_response_time_seconds", "rtime_max", kB | kS, kGauge,
              "the longest time from a request sent to the head of its response",
              Unit::kMilliseconds},
    RowMetric{"max_total_time_seconds", "ttime_max", kB | kS, kGauge,
              "the longest time from a request's head to the end of its response",
              Unit::kMilliseconds},
    RowMetric{"connection_attempts_total", "connect", kB | kS, kCounter,
              "connections opened to servers"},
    RowMetric{"connection_reuses_total", "reuse", kB | kS, kCounter,
              "requests that went over a connection which was there"},
    RowMetric{"idle_connections_current", "srv_icur", kS, kGauge,
              "unused connections kept for further requests"},
    RowMetric{"used_connections_current", "used_conn_cur", kS, kGauge, "connections in use"},
    RowMetric{"tls_handshakes_total", "ssl_sess", kAll, kCounter, "TLS handshakes completed"},
    RowMetric{"tls_handshakes_resumed_total", "ssl_reused_sess", kAll, kCounter,
              "of these, resumed ones"},
    RowMetric{"tls_handshake_failures_total", "ssl_failed_handshake", kAll, kCounter,
              "TLS handshakes that failed"},
};

struct Kind {
  unsigned mask;
  RowKind kind;
  MetricScope scope;
  std::string_view name;
  std::string_view labels;
};

constexpr std::array kKinds{
    Kind{kF, RowKind::kFrontend, MetricScope::kFrontend, "frontend_", "proxy"},
    Kind{kB, RowKind::kBackend, MetricScope::kBackend, "backend_", "proxy"},
    Kind{kS, RowKind::kServer, MetricScope::kServer, "server_", "proxy, server"},
};

void write_figure(const std::string& labels, const Figure& figure, Unit unit, Exposition& into) {
  if (const auto* number = std::get_if<std::uint64_t>(&figure)) {
    if (unit == Unit::kMilliseconds && *number != 0) {
      into.sample(labels, static_cast<double>(*number) / 1000);
    } else {
      into.sample(labels, *number);
    }
  } else if (const auto* age = std::get_if<std::int64_t>(&figure)) {
    into.sample(labels, *age);
  }
}

Metric column_metric(const Kind& kind, const RowMetric& metric) {
  return {{std::string(kMetricPrefix).append(kind.name).append(metric.name), metric.type,
           std::string(kind.labels), std::string(metric.help)},
          kind.scope,
          [kind = kind.kind, column = metric.column.index, unit = metric.unit](
              const LabelledReport& from, Exposition& into) {
            for (const LabelledReport::Row& row : from.rows(kind)) {
              const auto& figure = row.row->at(column);
              if (figure) write_figure(row.labels, *figure, unit, into);
            }
          }};
}

struct ResponseClass {
  StatColumnName column;
  std::string_view label;
};

constexpr std::array kResponseClasses{
    ResponseClass{"hrsp_1xx", "code=\"1xx\""}, ResponseClass{"hrsp_2xx", "code=\"2xx\""},
    ResponseClass{"hrsp_3xx", "code=\"3xx\""}, ResponseClass{"hrsp_4xx", "code=\"4xx\""},
    ResponseClass{"hrsp_5xx", "code=\"5xx\""}, ResponseClass{"hrsp_other", "code=\"other\""},
};

Metric response_metric(const Kind& kind) {
  return {{std::string(kMetricPrefix).append(kind.name).append("http_responses_total"), kCounter,
           std::string(kind.labels) + ", code",
           "responses by the class of their status: 1xx to 5xx, other"},
          kind.scope,
          [kind = kind.kind](const LabelledReport& from, Exposition& into) {
            for (const LabelledReport::Row& row : from.rows(kind)) {
              for (const ResponseClass& responses : kResponseClasses) {
                const auto& figure = row.row->at(responses.column.index);
                if (figure)
                  into.sample(row.labels, responses.label, std::get<std::uint64_t>(*figure));
              }
            }
          }};
}

// HAProxy's states, and how `show stat` begins to name each: "DOWN 1/2", "no check".
struct State {
  std::string_view status;
  std::string_view label;
};

constexpr std::array kServerStates{
    State{"DOWN", "state=\"DOWN\""},   State{"UP", "state=\"UP\""},
    State{"MAINT", "state=\"MAINT\""}, State{"DRAIN", "state=\"DRAIN\""},
    State{"NOLB", "state=\"NOLB\""},
};

std::string_view state_of(std::string_view status) {
  if (status == "OPEN" || status == "no check") return "UP";
  if (status == "STOP") return "DOWN";
  return status;
}

Metric status_metric(const Kind& kind) {
  const bool of_server = kind.kind == RowKind::kServer;
  return {{std::string(kMetricPrefix).append(kind.name).append("status"), kGauge,
           std::string(kind.labels) + ", state",
           of_server ? "1 for the state it is in: DOWN, UP, MAINT, DRAIN or NOLB, 0 for the others"
                     : "1 for the state it is in: DOWN or UP, 0 for the other"},
          kind.scope,
          [kind = kind.kind, of_server](const LabelledReport& from, Exposition& into) {
            const std::size_t states = of_server ? kServerStates.size() : 2;
            for (const LabelledReport::Row& row : from.rows(kind)) {
              const std::string status = row.row->status();
              for (const State& state : std::span(kServerStates).first(states)) {
                const bool is = state_of(status).starts_with(state.status);
                into.sample(row.labels, state.label, std::uint64_t{is});
              }
            }
          }};
}

// Only the result there is: HAProxy's two dozen zeros for each server say nothing more.
Metric check_status_metric() {
  return {{std::string(kMetricPrefix) + "server_check_status", kGauge, "proxy, server, state",
           "1, with the result of the last health check"},
          MetricScope::kServer,
          [](const LabelledReport& from, Exposition& into) {
            constexpr StatColumnName kColumn = "check_status";
            for (const LabelledReport::Row& row : from.rows(RowKind::kServer)) {
              const auto& figure = row.row->at(kColumn.index);
              const auto* state = figure ? std::get_if<std::string>(&*figure) : nullptr;
              if (state == nullptr || state->empty()) continue;
              into.sample(row.labels, label("state", *state), std::uint64_t{1});
            }
          }};
}

}  // namespace

void add_row_metrics(std::vector<Metric>& metrics) {
  for (const Kind& kind : kKinds) {
    metrics.push_back(status_metric(kind));
    for (const RowMetric& metric : kRowMetrics) {
      if ((metric.rows & kind.mask) != 0) metrics.push_back(column_metric(kind, metric));
    }
    metrics.push_back(response_metric(kind));
  }
  metrics.push_back(check_status_metric());
}

}  // namespace sluice::control
