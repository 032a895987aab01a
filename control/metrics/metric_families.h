#pragma once

#include <vector>

#include "control/metrics/metric_catalog.h"

/// The parts of metric_catalog(), each of which adds its metrics.
namespace sluice::control {

inline constexpr std::string_view kMetricPrefix = "sluice_";

/// Of `show info`.
void add_process_metrics(std::vector<Metric>& metrics);
/// Of workers, ports and the layers below HTTP: load, packets, buffers, TLS, every counter.
void add_worker_metrics(std::vector<Metric>& metrics);
/// Of `show stat`: frontends, backends and servers.
void add_row_metrics(std::vector<Metric>& metrics);
/// How long things took.
void add_latency_metrics(std::vector<Metric>& metrics);

}  // namespace sluice::control
