#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "control/metrics/labelled_report.h"
#include "control/metrics/metric_families.h"
#include "control/stats/counter_catalog.h"

namespace sluice::control {
namespace {

constexpr MetricType kCounter = MetricType::kCounter;
constexpr MetricType kGauge = MetricType::kGauge;

/// A figure of each item of a list in the report.
template <typename Item>
struct ItemMetric {
  std::string_view name;
  std::uint64_t Item::*figure;
  MetricType type;
  std::string_view help;
};

constexpr std::array kWorkerMetrics{
    ItemMetric<WorkerReport>{"worker_packets_received_total", &WorkerReport::packets_received,
                             kCounter, "packets taken from its receive queues"},
    ItemMetric<WorkerReport>{"worker_packets_sent_total", &WorkerReport::packets_sent, kCounter,
                             "packets that ports took from it"},
    ItemMetric<WorkerReport>{"worker_packets_dropped_total", &WorkerReport::packets_dropped,
                             kCounter,
                             "packets it lost: no room in a port or in another worker's ring"},
    ItemMetric<WorkerReport>{"worker_buffers", &WorkerReport::buffers, kGauge,
                             "packet buffers it has"},
    ItemMetric<WorkerReport>{"worker_buffers_low", &WorkerReport::buffers_low, kGauge,
                             "free packet buffers below which it takes no new connections"},
    ItemMetric<WorkerReport>{"worker_buffers_critical", &WorkerReport::buffers_critical, kGauge,
                             "free packet buffers below which it sends no data"},
    ItemMetric<WorkerReport>{"worker_connections_limit", &WorkerReport::connections_limit, kGauge,
                             "connections it may hold"},
    ItemMetric<WorkerReport>{"worker_handshakes_waiting_limit",
                             &WorkerReport::handshakes_waiting_limit, kGauge,
                             "clients whose TLS handshake may wait for its turn"},
};

constexpr std::array kPortMetrics{
    ItemMetric<PortReport>{"port_missed_packets_total", &PortReport::missed, kCounter,
                           "packets that the device dropped: its receive queue was full"},
    ItemMetric<PortReport>{"port_receive_errors_total", &PortReport::receive_errors, kCounter,
                           "packets that the device received with errors"},
    ItemMetric<PortReport>{"port_transmit_errors_total", &PortReport::transmit_errors, kCounter,
                           "packets that the device could not send"},
    ItemMetric<PortReport>{"port_no_buffer_total", &PortReport::no_buffer, kCounter,
                           "packets for which the device found no buffer"},
};

std::string full_name(std::string_view name) {
  return std::string(kMetricPrefix).append(name);
}

void add(std::vector<Metric>& metrics, std::string_view name, MetricType type,
         std::string_view labels, std::string_view help,
         std::function<void(const LabelledReport&, Exposition&)> write) {
  metrics.push_back({{full_name(name), type, std::string(labels), std::string(help)},
                     MetricScope::kProcess,
                     std::move(write)});
}

void add_workers(std::vector<Metric>& metrics) {
  add(metrics, "worker_load_ratio", kGauge, "worker",
      "share of its time with work in the last second, 0 to 1",
      [](const LabelledReport& from, Exposition& into) {
        for (std::size_t i = 0; i < from.report().workers.size(); ++i) {
          into.sample(from.worker(i), from.report().workers[i].load);
        }
      });
  for (const auto& metric : kWorkerMetrics) {
    add(metrics, metric.name, metric.type, "worker", metric.help,
        [figure = metric.figure](const LabelledReport& from, Exposition& into) {
          for (std::size_t i = 0; i < from.report().workers.size(); ++i) {
            into.sample(from.worker(i), from.report().workers[i].*figure);
          }
        });
  }
}

void add_ports(std::vector<Metric>& metrics) {
  add(metrics, "port_up", kGauge, "port", "1 while it has a link",
      [](const LabelledReport& from, Exposition& into) {
        for (std::size_t i = 0; i < from.report().ports.size(); ++i) {
          into.sample(from.port(i), std::uint64_t{from.report().ports[i].up});
        }
      });
  for (const auto& metric : kPortMetrics) {
    add(metrics, metric.name, metric.type, "port", metric.help,
        [figure = metric.figure](const LabelledReport& from, Exposition& into) {
          for (std::size_t i = 0; i < from.report().ports.size(); ++i) {
            into.sample(from.port(i), from.report().ports[i].*figure);
          }
        });
  }
}

// Which handshakes: "failed", or any but these.
void write_handshakes(const LabelledReport& from, bool failed, Exposition& into) {
  for (const HandshakeCount& handshakes : from.report().handshakes) {
    if ((handshakes.kind == "failed") != failed) continue;
    const std::string detail = label(failed ? "reason" : "cipher", handshakes.detail);
    into.sample(failed ? std::string() : label("kind", handshakes.kind), detail, handshakes.count);
  }
}

void add_tls(std::vector<Metric>& metrics) {
  add(metrics, "tls_handshakes_by_cipher_total", kCounter, "kind, cipher",
      "TLS handshakes with clients that were completed, full and resumed, by cipher suite",
      [](const LabelledReport& from, Exposition& into) { write_handshakes(from, false, into); });
  add(metrics, "tls_handshake_failures_total", kCounter, "reason",
      "TLS handshakes with clients that were not completed",
      [](const LabelledReport& from, Exposition& into) { write_handshakes(from, true, into); });
  const auto certificate = [&](std::string_view name, std::int64_t CertificateReport::*end,
                               std::string_view help) {
    add(metrics, name, kGauge, "certificate", help,
        [end](const LabelledReport& from, Exposition& into) {
          for (const CertificateReport& each : from.report().certificates) {
            into.sample(label("certificate", each.file), each.*end);
          }
        });
  };
  certificate("certificate_not_before_seconds", &CertificateReport::not_before,
              "from when on a certificate is valid, in seconds since the epoch");
  certificate("certificate_not_after_seconds", &CertificateReport::not_after,
              "when a certificate ends, in seconds since the epoch");
}

/// Where a counter of the catalog stands in the text: "http.refused_requests.bad_name" is
/// sluice_http_refused_requests_total{reason="bad_name"}.
struct CounterPlace {
  std::string name;
  std::string reason;  ///< empty: none
};

CounterPlace place_of(const CounterEntry& entry) {
  std::string name = entry.name;
  const std::size_t layer = name.find('.');
  const std::size_t dot = name.find('.', layer + 1);
  CounterPlace place;
  if (dot != std::string::npos) {
    place.reason = name.substr(dot + 1);
    name.erase(dot);
  }
  name[layer] = '_';
  place.name = full_name(name) + (entry.current ? "" : "_total");
  return place;
}

/// The counters of one metric: one, or one for each reason.
struct CounterGroup {
  std::vector<std::size_t> places;  // in the catalog
  std::vector<std::string> labels;  // for each; empty: none
};

Metric counter_metric(const CounterPlace& place, const CounterEntry& entry, CounterGroup group) {
  const bool by_reason = !place.reason.empty();
  // Reasons share what stands before the colon: "requests refused: bad name".
  const std::string help = by_reason ? entry.help.substr(0, entry.help.find(':')) : entry.help;
  // Workers are to be compared; layers have too many counters for that.
  const bool by_worker = entry.name.starts_with("worker.") || entry.name == "tcp.connections" ||
                         entry.name == "tcp.half_open" || entry.name == "tcp.time_wait" ||
                         entry.name == "tls.handshakes_waiting";
  std::string labels = by_worker ? "worker" : "";
  if (by_reason) labels = "reason";
  return {{place.name, entry.current ? kGauge : kCounter, labels, help},
          MetricScope::kProcess,
          [group = std::move(group), by_worker](const LabelledReport& from, Exposition& into) {
            for (std::size_t i = 0; i < group.places.size(); ++i) {
              if (!by_worker) {
                into.sample(group.labels[i], from.counter(group.places[i]));
                continue;
              }
              for (std::size_t worker = 0; worker < from.report().workers.size(); ++worker) {
                into.sample(from.worker(worker),
                            from.report().workers[worker].counters[group.places[i]]);
              }
            }
          },
          true};
}

void add_counters(std::vector<Metric>& metrics) {
  const std::vector<CounterEntry>& catalog = counter_catalog();
  for (std::size_t i = 0; i < catalog.size(); ++i) {
    const CounterPlace first = place_of(catalog[i]);
    CounterGroup group;
    const std::size_t begin = i;
    // Reasons of one metric stand behind each other.
    for (; i < catalog.size(); ++i) {
      const CounterPlace place = place_of(catalog[i]);
      if (place.name != first.name) break;
      group.places.push_back(i);
      group.labels.push_back(place.reason.empty() ? "" : label("reason", place.reason));
    }
    --i;
    metrics.push_back(counter_metric(first, catalog[begin], std::move(group)));
  }
}

}  // namespace

void add_worker_metrics(std::vector<Metric>& metrics) {
  add_workers(metrics);
  add_ports(metrics);
  add_tls(metrics);
  add_counters(metrics);
}

}  // namespace sluice::control
