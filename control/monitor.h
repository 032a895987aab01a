#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "control/engine.h"
#include "control/metrics/report.h"
#include "control/server_tls_watch.h"
#include "control/server_watch.h"
#include "control/settings_builder.h"
#include "control/stats/counter_catalog.h"
#include "control/stats/http_statistics.h"
#include "control/stats/info_table.h"
#include "control/stats/latency.h"
#include "control/stats/rate.h"
#include "control/stats/stat_table.h"
#include "control/stats/text_table.h"

namespace sluice::control {

/// What the process tells of itself: reads the workers' counters, measures rates once a second, and
/// makes the tables that the admin socket shows. Costs the workers nothing.
class Monitor {
 public:
  using Clock = std::chrono::steady_clock;

  /// `engine` outlives it. The time of its making counts as the process's start.
  explicit Monitor(const Engine& engine);

  /// Once a second. Logs what is wrong with servers.
  void tick();
  void set_stopping() { stopping_ = true; }

  /// Has the builder reuse ids when the workers are done with them. It builds nothing any more when
  /// these are gone.
  void guard_ids(SettingsBuilder& builder, Engine& engine);
  /// These ids have other owners from the next snapshot on, which is not published yet.
  void begin_afresh(const SettingsBuilder::Renamed& renamed);

  /// Counters, or only their maxima, count from now on.
  void clear(HttpStatistics::Clear what);
  /// Where each worker counts its HTTP.
  [[nodiscard]] const std::vector<HttpCounters>& http_workers() const { return http_.workers(); }

  /// Whether the workers have something of a server: requests, or idle connections.
  [[nodiscard]] bool in_use(const std::string& backend, const std::string& server) const;

  [[nodiscard]] std::vector<StatRow> stat_rows();
  [[nodiscard]] InfoTable info() const;
  /// A row for each worker: its load, traffic, connections and buffers.
  [[nodiscard]] TextTable workers() const;
  /// A row for each port: its link and traffic.
  [[nodiscard]] TextTable ports() const;
  /// A row for each address of an interface.
  [[nodiscard]] TextTable interfaces() const;
  /// Handshakes with clients: what they agreed on, how long they took, why others failed.
  [[nodiscard]] TextTable tls() const;
  /// A line for each counter whose name begins so and that is not 0: the sum, and each worker's.
  [[nodiscard]] std::string activity(const std::string& prefix) const;
  /// How long handshakes with clients and each backend's exchanges took.
  [[nodiscard]] LatencyReport latencies() const;
  /// Everything of these at once, but for the certificates.
  [[nodiscard]] Report report();
  /// A row for each counter whose name begins so.
  [[nodiscard]] TextTable counters(const std::string& prefix, bool only_nonzero) const;

 private:
  struct WorkerRates {
    Rate loops;
    Rate busy_cycles;
    Rate idle_cycles;
    Rate packets_in;
    Rate packets_out;

    /// Share of the time with work, percent.
    [[nodiscard]] double load() const;
  };

  [[nodiscard]] std::uint64_t uptime() const;
  [[nodiscard]] double idle_percent() const;
  template <typename Read>
  [[nodiscard]] std::uint64_t sum(Read&& read) const;
  void add_connections(InfoTable& table) const;
  void add_tls(InfoTable& table) const;
  void add_certificates(InfoTable& table) const;
  void add_own(InfoTable& table) const;
  [[nodiscard]] WorkerReport report_of(std::size_t worker) const;
  [[nodiscard]] std::vector<const tls::HandshakeStatistics*> handshake_statistics() const;

  const Engine& engine_;
  std::vector<WorkerCounters> workers_;
  HttpStatistics http_;
  ServerTlsWatch server_tls_;
  ServerWatch servers_;
  Clock::time_point started_;
  std::int64_t started_at_;  // seconds since the epoch
  Clock::time_point ticked_;
  bool stopping_ = false;

  std::vector<WorkerRates> worker_rates_;
  Rate sessions_;
  Rate handshakes_;
  Rate full_handshakes_;
  Rate resumed_handshakes_;
  Rate full_backend_handshakes_;
  Rate bytes_out_;
};

}  // namespace sluice::control
