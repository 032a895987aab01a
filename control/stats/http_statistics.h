#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "control/settings_builder.h"
#include "control/stats/rate.h"
#include "control/stats/stat_table.h"
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
  explicit HttpStatistics(std::vector<HttpCounters> workers) : workers_(std::move(workers)) {}

  /// Once a second: measures rates and notes changes. `elapsed`: seconds since the last call;
  /// `now`: seconds since the start of the process.
  void tick(const http::Settings& settings, double elapsed, std::uint64_t now);

  /// HAProxy's rows: each frontend, then each backend's servers and the backend itself.
  [[nodiscard]] std::vector<StatRow> rows(const http::Settings& settings, std::uint64_t now);
  [[nodiscard]] HttpTotals totals(const http::Settings& settings) const;

 private:
  struct FrontendHistory {
    Rate sessions;
    Rate requests;
  };
  struct ServiceHistory {  // of a backend or a server
    Rate sessions;
    std::uint64_t sessions_seen = 0;
    std::uint64_t last_session = 0;  // when, if sessions_seen
    bool up = true;
    std::uint64_t changed = 0;   // when
    std::uint64_t downtime = 0;  // seconds, ended ones
  };
  using ProxyNumber = Id<struct ProxyNumberTag>;

  [[nodiscard]] bool is_up(const http::Server& server) const;
  [[nodiscard]] std::uint64_t servers_up(const http::Backend& backend) const;
  static void note(ServiceHistory& history, std::uint64_t sessions, bool up, double elapsed,
                   std::uint64_t now);
  [[nodiscard]] std::uint32_t number_of(const std::string& kind, const std::string& name);

  StatRow frontend_row(const http::Frontend& frontend);
  StatRow server_row(const http::Backend& backend, const http::Server& server, std::uint64_t now);
  StatRow backend_row(const http::Backend& backend, std::uint64_t now);

  std::vector<HttpCounters> workers_;
  std::unordered_map<http::FrontendId, FrontendHistory> frontends_;
  std::unordered_map<http::BackendId, ServiceHistory> backends_;
  std::unordered_map<http::ServerId, ServiceHistory> servers_;
  StableIds<ProxyNumber> numbers_;
};

}  // namespace sluice::control
