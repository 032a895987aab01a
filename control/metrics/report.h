#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/certificates/certificate_store.h"
#include "control/stats/handshake_table.h"
#include "control/stats/info_table.h"
#include "control/stats/latency.h"
#include "control/stats/stat_table.h"

namespace sluice::control {

/// What one worker does, and how full it is.
struct WorkerReport {
  unsigned cpu = 0;
  double load = 0;  ///< share of the time with work, 0 to 1
  std::uint64_t packets_received = 0;
  std::uint64_t packets_sent = 0;
  std::uint64_t packets_dropped = 0;
  std::uint64_t buffers = 0;
  std::uint64_t buffers_low = 0;       ///< free ones below which new connections are not taken
  std::uint64_t buffers_critical = 0;  ///< and below which no data is sent
  std::uint64_t connections_limit = 0;
  std::uint64_t handshakes_waiting_limit = 0;
  std::vector<std::uint64_t> counters;  ///< in the order of counter_catalog()
};

struct PortReport {
  std::string name;
  bool up = false;
  std::uint64_t missed = 0;
  std::uint64_t receive_errors = 0;
  std::uint64_t transmit_errors = 0;
  std::uint64_t no_buffer = 0;
};

struct CertificateReport {
  std::string file;
  std::int64_t not_before = 0;  ///< seconds since the epoch
  std::int64_t not_after = 0;   ///< seconds since the epoch
};

/// Of all that are loaded.
std::vector<CertificateReport> report_certificates(const CertificateStore& certificates);

/// Everything that is told of a running Sluice, as of one moment: made by the control thread, and
/// nobody's but its reader's from then on.
struct Report {
  InfoTable info;
  std::vector<StatRow> rows;  ///< as `show stat` has them
  LatencyReport latencies;
  std::vector<WorkerReport> workers;
  std::vector<PortReport> ports;
  std::vector<HandshakeCount> handshakes;
  std::vector<CertificateReport> certificates;
  std::uint64_t access_log_lines = 0;
  std::uint64_t access_log_lost_lines = 0;  ///< that could not be written
};

}  // namespace sluice::control
