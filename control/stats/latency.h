#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/stats/text_table.h"
#include "dataplane/base/histogram.h"
#include "dataplane/base/measured_duration.h"

namespace sluice::control {

/// How long something took: every time since the start, over all workers.
struct Latency {
  SmallDistribution distribution;
  std::uint64_t total_microseconds = 0;
  std::uint64_t longest_microseconds = 0;

  /// Adds what one worker has measured, who may go on meanwhile: each figure is a recent one. What
  /// `base` has, which is an earlier copy of it, is left out.
  void add(const MeasuredDuration& worker, const MeasuredDuration* base = nullptr);
};

struct BackendLatency {
  std::string backend;
  Latency queue;     ///< waiting for a server
  Latency connect;   ///< making a connection to one
  Latency response;  ///< from the request sent to the response's head
  Latency total;     ///< from the request's head to the response's end
};

struct LatencyReport {
  Latency full_handshake;  ///< TLS with clients, from the first byte on
  Latency resumed_handshake;
  std::vector<BackendLatency> backends;
};

/// A row for each duration that was measured at least once, with percentiles in microseconds.
TextTable latency_table(const LatencyReport& report);

}  // namespace sluice::control
