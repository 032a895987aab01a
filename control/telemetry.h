#pragma once

#include <chrono>

#include "control/monitor.h"

namespace sluice::control {

/// Answers DPDK's telemetry socket (dpdk-telemetry.py) beside DPDK itself: /sluice/info,
/// /sluice/workers, /sluice/counters and /sluice/stat. Its thread is DPDK's own: it gets copies of
/// the figures that the control thread leaves here now and then.
class Telemetry {
 public:
  /// Registers the commands, once in a process. Throws std::runtime_error.
  Telemetry();
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;

  /// Leaves new figures for who asks. Called once a second.
  void update(Monitor& monitor);
};

}  // namespace sluice::control
