#include <array>
#include <string_view>

#include "control/metrics/labelled_report.h"
#include "control/metrics/metric_families.h"

namespace sluice::control {
namespace {

struct InfoMetric {
  std::string_view field;  // of `show info`
  std::string_view name;
  MetricType type;
  std::string_view help;
};

constexpr MetricType kCounter = MetricType::kCounter;
constexpr MetricType kGauge = MetricType::kGauge;

constexpr std::array kInfoMetrics{
    InfoMetric{"Nbthread", "nbthread", kGauge, "workers"},
    InfoMetric{"Uptime_sec", "uptime_seconds", kGauge, "time since the start"},
    InfoMetric{"Start_time_sec", "start_time_seconds", kGauge,
               "when it started, in seconds since the epoch"},
    InfoMetric{"Ulimit-n", "max_fds", kGauge, "file descriptors it may have"},
    InfoMetric{"Maxconn", "max_connections", kGauge, "connections it may hold"},
    InfoMetric{"CurrConns", "current_connections", kGauge, "clients' connections now"},
    InfoMetric{"CumConns", "connections_total", kCounter, "clients' connections"},
    InfoMetric{"CumReq", "requests_total", kCounter, "requests received"},
    InfoMetric{"CumSslConns", "ssl_connections_total", kCounter,
               "TLS handshakes with clients that were completed"},
    InfoMetric{"ConnRate", "current_connection_rate", kGauge,
               "clients' connections in the last second"},
    InfoMetric{"MaxConnRate", "max_connection_rate", kGauge, "the most of them in a second so far"},
    InfoMetric{"SslRate", "current_ssl_rate", kGauge,
               "TLS handshakes with clients in the last second"},
    InfoMetric{"MaxSslRate", "max_ssl_rate", kGauge, "the most of them in a second so far"},
    InfoMetric{"SslFrontendKeyRate", "current_frontend_ssl_key_rate", kGauge,
               "of these, full ones in the last second"},
    InfoMetric{"SslFrontendMaxKeyRate", "max_frontend_ssl_key_rate", kGauge,
               "the most of them in a second so far"},
    InfoMetric{"SslFrontendSessionReuse_pct", "frontend_ssl_reuse", kGauge,
               "percentage of handshakes with clients that were resumed in the last second"},
    InfoMetric{"SslBackendKeyRate", "current_backend_ssl_key_rate", kGauge,
               "full TLS handshakes with servers in the last second"},
    InfoMetric{"SslBackendMaxKeyRate", "max_backend_ssl_key_rate", kGauge,
               "the most of them in a second so far"},
    InfoMetric{"Tasks", "current_tasks", kGauge, "TCP connections, with clients and servers"},
    InfoMetric{"Idle_pct", "idle_time_percent", kGauge,
               "share of the workers' time without work in the last second"},
    InfoMetric{"Stopping", "stopping", kGauge, "1 while it drains"},
    InfoMetric{"Jobs", "jobs", kGauge, "clients' sessions"},
    InfoMetric{"Listeners", "listeners", kGauge, "addresses it listens on"},
    InfoMetric{"TotalBytesOut", "bytes_out_total", kCounter, "bytes sent to clients"},
    InfoMetric{"BytesOutRate", "bytes_out_rate", kGauge,
               "bytes sent to clients in the last second"},
    InfoMetric{"Snapshot", "snapshot", kGauge,
               "number of the configuration in use, which each change raises"},
};

// Of a figure that is a number; what is not there, or a text, has no sample.
void write_figure(const Figure* figure, Exposition& into) {
  if (figure == nullptr) return;
  if (const auto* number = std::get_if<std::uint64_t>(figure)) into.sample({}, *number);
}

void add_access_log(std::vector<Metric>& metrics) {
  const auto add = [&](std::string_view name, std::uint64_t Report::*figure,
                       std::string_view help) {
    metrics.push_back({{std::string(kMetricPrefix).append(name), kCounter, {}, std::string(help)},
                       MetricScope::kProcess,
                       [figure](const LabelledReport& from, Exposition& into) {
                         into.sample({}, from.report().*figure);
                       }});
  };
  add("access_log_lines_total", &Report::access_log_lines, "lines of the access log written");
  add("access_log_lost_lines_total", &Report::access_log_lost_lines,
      "lines of the access log that could not be written: the disk is full, or the server is gone");
}

}  // namespace

void add_process_metrics(std::vector<Metric>& metrics) {
  const std::string prefix = std::string(kMetricPrefix) + "process_";
  for (const InfoMetric& metric : kInfoMetrics) {
    metrics.push_back(
        {{prefix + std::string(metric.name), metric.type, {}, std::string(metric.help)},
         MetricScope::kProcess,
         [field = metric.field](const LabelledReport& from, Exposition& into) {
           write_figure(from.report().info.find(field), into);
         }});
  }
  metrics.push_back({{prefix + "build_info", kGauge, "version", "1, with the program's version"},
                     MetricScope::kProcess,
                     [](const LabelledReport& from, Exposition& into) {
                       const Figure* version = from.report().info.find("Version");
                       if (version == nullptr) return;
                       into.sample(label("version", std::get<std::string>(*version)),
                                   std::uint64_t{1});
                     }});
  add_access_log(metrics);
}

}  // namespace sluice::control
