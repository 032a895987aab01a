#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "control/metrics/exposition.h"
#include "control/metrics/report.h"

namespace sluice::control {

/// What a metric is about; a scrape may ask for some of these alone.
enum class MetricScope : std::uint8_t {
  kProcess = 1,
  kFrontend = 2,
  kBackend = 4,
  kServer = 8,
};
using MetricScopes = std::uint8_t;
inline constexpr MetricScopes kAllScopes = 0x0f;

/// A report with the labels of what it has, so that they are made once for all metrics.
class LabelledReport;

struct Metric {
  MetricInfo info;
  MetricScope scope;
  std::function<void(const LabelledReport& report, Exposition& into)> write;
  bool of_counter = false;  ///< made from an entry of counter_catalog(), which describes it
};

/// Every metric there is, in the order of the text. Names are HAProxy's, with another beginning,
/// where they mean the same.
const std::vector<Metric>& metric_catalog();

/// The text of a scrape.
std::string expose(const Report& report, MetricScopes scopes, Exposition::Format format);

/// The catalog for the manual, in Markdown: a row for each metric but those of counters.
std::string metric_reference();

}  // namespace sluice::control
