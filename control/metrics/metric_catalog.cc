#include "control/metrics/metric_catalog.h"

#include "control/metrics/labelled_report.h"
#include "control/metrics/metric_families.h"

namespace sluice::control {
namespace {

// What the text takes at most, roughly: 46 lines of 90 bytes for a server, and more for a backend.
constexpr std::size_t kBytesOfRow = 6 * 1024;
constexpr std::size_t kBytesOfProcess = 64 * 1024;
constexpr std::size_t kBytesOfWorker = 4 * 1024;

std::size_t expected_size(const Report& report) {
  return kBytesOfProcess + kBytesOfWorker * report.workers.size() +
         kBytesOfRow * report.rows.size();
}

std::vector<Metric> make_catalog() {
  std::vector<Metric> metrics;
  add_process_metrics(metrics);
  add_worker_metrics(metrics);
  add_latency_metrics(metrics);
  add_row_metrics(metrics);
  return metrics;
}

}  // namespace

const std::vector<Metric>& metric_catalog() {
  static const std::vector<Metric> catalog = make_catalog();
  return catalog;
}

std::string expose(const Report& report, MetricScopes scopes, Exposition::Format format) {
  const LabelledReport labelled(report);
  Exposition exposition(format, expected_size(report));
  for (const Metric& metric : metric_catalog()) {
    if ((scopes & static_cast<MetricScopes>(metric.scope)) == 0) continue;
    exposition.begin(metric.info);
    metric.write(labelled, exposition);
  }
  return exposition.finish();
}

std::string metric_reference() {
  std::string text = "| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n";
  for (const Metric& metric : metric_catalog()) {
    if (metric.of_counter) continue;
    text += "| `" + metric.info.name + "` | " + std::string(to_string(metric.info.type)) + " | " +
            metric.info.labels + " | " + metric.info.help + " |\n";
  }
  return text;
}

}  // namespace sluice::control
