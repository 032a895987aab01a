#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "control/stats/http_statistics.h"
#include "http/settings.h"

namespace sluice::control {

/// Notices servers with which TLS fails, and says why, for the log: a server is named when that
/// begins, when the reason changes, and once a minute while it goes on.
class ServerTlsWatch {
 public:
  /// Servers named at once; of the others only the number is told.
  static constexpr std::size_t kMostNamed = 10;
  static constexpr std::uint64_t kRepeatAfter = 60;  ///< seconds

  explicit ServerTlsWatch(std::vector<HttpCounters> workers) : workers_(std::move(workers)) {}

  /// The id is another server's from now on.
  void forget(http::ServerId server) { histories_.erase(server); }

  /// Once a second: what there is to say. `now`: seconds since the start of the process.
  std::vector<std::string> look(const http::Settings& settings, std::uint64_t now);

 private:
  struct History {
    std::vector<std::uint64_t> failures;  // of each worker, as last seen
    std::uint64_t untold = 0;
    std::uint64_t reason = 0;   // the latest, packed
    std::uint64_t told = 0;     // the reason that was told last
    std::uint64_t told_at = 0;  // when
    bool known = false;         // something was told
  };

  /// Whether there is something to say of it.
  bool look(const http::Server& server, std::uint64_t now);

  std::vector<HttpCounters> workers_;
  std::unordered_map<http::ServerId, History> histories_;  // of servers with failures
};

}  // namespace sluice::control
