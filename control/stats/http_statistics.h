#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "control/stable_ids.h"
#include "control/stats/counter_bases.h"
#include "control/stats/latency.h"
#include "control/stats/rate.h"
#include "control/stats/stat_table.h"
#include "http/balancing/fleet_state.h"
#include "http/counters.h"
#include "http/settings.h"

namespace sluice::control {

/// Where one worker counts its HTTP. The worker writes on; reading costs it nothing.
struct HttpCounters {
  const http::CounterTable<http::FrontendCounters>& frontends;
  const http::CounterTable<http::BackendCounters>& backends;
  const http::CounterTable<http::ServerCounters>& servers;
};

/// Sums for the whole process.
struct HttpTotals {
  std::uint64_t sessions = 0;  ///< open now
  std::uint64_t sessions_ever = 0;
  std::uint64_t requests = 0;
  std::uint64_t bytes_out = 0;
};

/// What the workers' counters say of frontends, backends and servers, summed on the control thread.
class HttpStatistics {
 public:
  /// `fleet` outlives it; `clock` tells the workers' time.
  HttpStatistics(std::vector<HttpCounters> workers, const http::FleetState& fleet,
                 std::function<Instant()> clock)
      : workers_(std::move(workers)), fleet_(fleet), clock_(std::move(clock)) {}

  /// Once a second: measures rates and notes changes. `elapsed`: seconds since the last call;
  /// `now`: seconds since the start of the process.
  void tick(const http::Settings& settings, double elapsed, std::uint64_t now);

  [[nodiscard]] const std::vector<HttpCounters>& workers() const { return workers_; }

  /// HAProxy's rows: each frontend, then each backend's servers and the backend itself.
  [[nodiscard]] std::vector<StatRow> rows(const http::Settings& settings, std::uint64_t now);
  /// How long each backend's exchanges took.
  [[nodiscard]] std::vector<BackendLatency> latencies(const http::Settings& settings) const;
  [[nodiscard]] HttpTotals totals(const http::Settings& settings) const;

  // An id gets another owner. For an id that is not in_use(): what its counters are at is not the
  // new owner's.

  void begin_afresh(http::FrontendId id);
  void begin_afresh(http::BackendId id);
  void begin_afresh(http::ServerId id);
  /// Has the maxima of all count from now on; `all`: everything but what the process has in
  /// totals().
  enum class Clear { kMaxima, kAll };
  void clear(const http::Settings& settings, Clear what);

  /// Whether the workers have sessions or idle connections of it.
  [[nodiscard]] bool in_use(http::FrontendId id) const;
  [[nodiscard]] bool in_use(http::BackendId id) const;
  [[nodiscard]] bool in_use(http::ServerId id) const;

 private:
  struct FrontendHistory {
    Rate sessions;
    Rate requests;
    std::uint64_t most = 0;  // sessions seen at once

    void clear() {
      sessions.clear_maximum();
      requests.clear_maximum();
      most = 0;
    }
  };
  struct ServiceHistory {  // of a backend or a server
    ServiceHistory() = default;
    explicit ServiceHistory(std::uint64_t now) : changed(now) {}

    Rate sessions;
    std::uint64_t most = 0;  // seen at once
    std::uint64_t sessions_seen = 0;
    std::uint64_t last_session = 0;  // when, if sessions_seen
    bool up = true;
    std::uint64_t changed = 0;        // when
    std::uint64_t downtime = 0;       // seconds, ended ones
    std::uint64_t longest_queue = 0;  // of a backend, of those seen

    void clear(Clear what) {
      sessions.clear_maximum();
      most = 0;
      longest_queue = 0;
      if (what == Clear::kMaxima) return;
      sessions_seen = 0;
      downtime = 0;
    }
  };
  struct ServersUp {
    std::uint64_t active = 0;
    std::uint64_t backup = 0;
    std::uint64_t weight = 0;  ///< of the active ones
    [[nodiscard]] bool any() const { return active + backup > 0; }
  };
  using ProxyNumber = Id<struct ProxyNumberTag>;
  // Since when counters count, and since when maxima do.
  template <typename Block>
  struct Bases {
    CounterBases<Block> counters;
    CounterBases<Block> maxima;
  };

  [[nodiscard]] std::string status_of(const http::Server& server) const;
  [[nodiscard]] bool is_up(const http::Server& server) const;
  [[nodiscard]] ServersUp servers_up(const http::Backend& backend) const;
  static void note(ServiceHistory& history, std::uint64_t sessions, std::uint64_t current, bool up,
                   double elapsed, std::uint64_t now);
  [[nodiscard]] auto sum(http::FrontendId id) const;
  [[nodiscard]] auto sum(http::BackendId id) const;
  [[nodiscard]] auto sum(http::ServerId id) const;
  [[nodiscard]] std::uint32_t number_of(const std::string& kind, const std::string& name);

  void set_checks(StatRow& row, const http::Backend& backend, const http::Server& server) const;
  StatRow frontend_row(const http::Frontend& frontend);
  StatRow server_row(const http::Backend& backend, const http::Server& server, std::uint64_t now);
  StatRow backend_row(const http::Backend& backend, std::uint64_t now);

  template <typename Id>
  void clear(Id id, Clear what);

  std::vector<HttpCounters> workers_;
  const http::FleetState& fleet_;
  std::function<Instant()> clock_;
  std::unordered_map<http::FrontendId, FrontendHistory> frontends_;
  std::unordered_map<http::BackendId, ServiceHistory> backends_;
  std::unordered_map<http::ServerId, ServiceHistory> servers_;
  Bases<http::FrontendCounters> frontend_bases_;
  Bases<http::BackendCounters> backend_bases_;
  Bases<http::ServerCounters> server_bases_;
  mutable std::size_t most_frontends_ = 0;  // that there were at once
  StableIds<ProxyNumber> numbers_{http::CounterTable<http::FrontendCounters>::kCapacity};
};

}  // namespace sluice::control
