#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/base/chunked_table.h"
#include "dataplane/base/counter.h"
#include "http/balancing/server_state.h"
#include "http/health/check_report.h"
#include "http/settings.h"

namespace sluice::http {

/// What one worker publishes of a backend, for the others' decisions. It alone writes.
struct BackendLoad {
  Counter in_flight;      ///< exchanges that have a server
  Counter queued;         ///< exchanges that wait for one
  Counter waiting_since;  ///< when the first of these came, in nanoseconds of the worker's clock;
                          ///< 0: none waits
};

/// One worker's load, by server and backend. It alone writes; the others read now and then.
struct WorkerLoad {
  /// Exchanges that each server has in hand. Many on a cache line: whoever compares the servers of
  /// a backend reads few lines, and each worker writes to its own.
  ChunkedTable<Counter, 1024> servers;
  ChunkedTable<BackendLoad> backends;
  /// Clients' connections to each frontend.
  ChunkedTable<Counter> sessions;
  /// Of these, over all frontends.
  Counter clients;
};

/// What the workers of a process know together of servers, so that balancing, limits and health are
/// those of the process and not of a worker. Made before the workers, and outlives them.
///
/// A worker's own part is exact for itself. Of the others' it sees what they had a moment ago (a
/// cache line's way from core to core, some 100 ns): two workers that decide at the same moment may
/// both take the last place under a limit, which is exceeded by at most one for each further
/// worker until one of the exchanges ends.
class FleetState {
 public:
  explicit FleetState(std::uint32_t workers) {
    for (std::uint32_t worker = 0; worker < workers; ++worker) {
      loads_.push_back(std::make_unique<WorkerLoad>());
    }
  }

  [[nodiscard]] ServerState& server(ServerId id) { return servers_[id.index()]; }
  [[nodiscard]] const ServerState* find(ServerId id) const { return servers_.find(id.index()); }
  [[nodiscard]] CheckReport& report(ServerId id) { return reports_[id.index()]; }
  /// nullptr for a server that was never checked.
  [[nodiscard]] const CheckReport* find_report(ServerId id) const {
    return reports_.find(id.index());
  }
  [[nodiscard]] WorkerLoad& load(std::uint32_t worker) { return *loads_[worker]; }
  [[nodiscard]] const WorkerLoad& load(std::uint32_t worker) const { return *loads_[worker]; }
  [[nodiscard]] std::uint32_t workers() const { return static_cast<std::uint32_t>(loads_.size()); }

  /// Over all workers.
  [[nodiscard]] std::uint64_t in_flight(ServerId id) const {
    return sum([&](const WorkerLoad& load) { return load.servers.find(id.index()); },
               [](const Counter& counter) { return counter.get(); });
  }
  [[nodiscard]] std::uint64_t in_flight(BackendId id) const {
    return of_backend(id, &BackendLoad::in_flight);
  }
  [[nodiscard]] std::uint64_t sessions(FrontendId id) const {
    return sum([&](const WorkerLoad& load) { return load.sessions.find(id.index()); },
               [](const Counter& counter) { return counter.get(); });
  }
  [[nodiscard]] std::uint64_t queued(BackendId id) const {
    return of_backend(id, &BackendLoad::queued);
  }

 private:
  template <typename Find, typename Read>
  [[nodiscard]] std::uint64_t sum(Find&& find, Read&& read) const {
    std::uint64_t sum = 0;
    for (const auto& load : loads_) {
      if (const auto* element = find(*load)) sum += read(*element);
    }
    return sum;
  }
  [[nodiscard]] std::uint64_t of_backend(BackendId id, Counter BackendLoad::*counter) const {
    return sum([&](const WorkerLoad& load) { return load.backends.find(id.index()); },
               [&](const BackendLoad& load) { return (load.*counter).get(); });
  }

  ChunkedTable<ServerState> servers_;
  ChunkedTable<CheckReport> reports_;
  std::vector<std::unique_ptr<WorkerLoad>> loads_;
};

}  // namespace sluice::http
