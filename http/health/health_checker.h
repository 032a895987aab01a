#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "http/balancing/fleet_state.h"
#include "http/balancing/lot.h"
#include "http/health/health_check.h"
#include "http/settings.h"

namespace sluice::http {

/// Checks servers on behalf of all workers: each worker checks those whose id falls to it, and
/// every worker heeds the verdicts.
///
/// A server that is new while the process runs gets nothing before its first good check; at the
/// start of the process all are taken to be up, and the first bad check takes one out.
class HealthChecker {
 public:
  explicit HealthChecker(const HealthCheck::Tools& tools);
  ~HealthChecker();
  HealthChecker(const HealthChecker&) = delete;
  HealthChecker& operator=(const HealthChecker&) = delete;

  /// Takes over a snapshot: servers that are checked as before keep their verdict and their time of
  /// the next check.
  void adopt(const Settings& settings);
  /// Checks nothing any more.
  void stop();

 private:
  class CheckedServer;

  [[nodiscard]] bool falls_to_us(ServerId id) const;
  void adopt_server(const Backend& backend, const Server& server);
  void adopt_checked(const Backend& backend, const Server& server);
  [[nodiscard]] bool knows(ServerId id) const {
    return id.index() < known_.size() && known_[id.index()];
  }
  void note_known(const Settings& settings);
  [[nodiscard]] std::shared_ptr<UpstreamTls> tls_of(const Backend& backend,
                                                    const Server& server) const;

  HealthCheck::Tools tools_;
  Lot lot_;
  std::unordered_map<ServerId, std::unique_ptr<CheckedServer>> servers_;
  std::vector<bool> known_;  // by ServerId: of the present snapshot
  bool running_ = false;     // a snapshot was adopted before
};

}  // namespace sluice::http
