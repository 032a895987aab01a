#include <array>
#include <string>
#include <string_view>

#include "control/metrics/labelled_report.h"
#include "control/metrics/metric_families.h"

namespace sluice::control {
namespace {

struct BackendMetric {
  std::string_view name;
  Latency BackendLatency::*latency;
  std::string_view help;
};

constexpr std::array kBackendMetrics{
    BackendMetric{"backend_queue_time_seconds", &BackendLatency::queue,
                  "how long requests waited for a server, of those that did"},
    BackendMetric{"backend_connect_time_seconds", &BackendLatency::connect,
                  "how long it took to connect to a server, TLS included"},
    BackendMetric{"backend_response_time_seconds", &BackendLatency::response,
                  "from a request sent to the head of its response"},
    BackendMetric{"backend_total_time_seconds", &BackendLatency::total,
                  "from a request's head to the end of its response"},
};

// What was never measured has no samples, which are two dozen lines: a farm may have a thousand
// backends, and most never queue.
void write(const std::string& labels, std::string_view more, const Latency& latency,
           Exposition& into) {
  if (latency.distribution.count() > 0) into.histogram(labels, more, latency);
}

}  // namespace

void add_latency_metrics(std::vector<Metric>& metrics) {
  metrics.push_back(
      {{std::string(kMetricPrefix) + "tls_handshake_time_seconds", MetricType::kHistogram, "kind",
        "TLS handshakes with clients, from their first byte on: full and resumed"},
       MetricScope::kProcess,
       [](const LabelledReport& from, Exposition& into) {
         const LatencyReport& latencies = from.report().latencies;
         write({}, "kind=\"full\"", latencies.full_handshake, into);
         write({}, "kind=\"resumed\"", latencies.resumed_handshake, into);
       }});
  for (const BackendMetric& metric : kBackendMetrics) {
    metrics.push_back({{std::string(kMetricPrefix).append(metric.name), MetricType::kHistogram,
                        "proxy", std::string(metric.help)},
                       MetricScope::kBackend,
                       [latency = metric.latency](const LabelledReport& from, Exposition& into) {
                         for (const BackendLatency& backend : from.report().latencies.backends) {
                           write(label("proxy", backend.backend), {}, backend.*latency, into);
                         }
                       }});
  }
}

}  // namespace sluice::control
