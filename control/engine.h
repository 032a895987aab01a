#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "control/access_log/access_log.h"
#include "control/config/config.h"
#include "control/dataplane.h"
#include "control/retirement.h"
#include "control/snapshot.h"
#include "control/worker_program.h"
#include "http/balancing/fleet_state.h"
#include "http/settings.h"

namespace sluice::control {

/// Sluice at work: DPDK, ports, workers and what runs on them, from start to end. Everything here
/// is called by the control thread.
class Engine {
 public:
  /// Starts DPDK, opens the ports and makes the workers; none runs yet. Throws std::runtime_error
  /// or std::invalid_argument with a message for the operator.
  explicit Engine(const Config& config);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// What the workers shall do from their next loop on.
  void publish(http::Settings settings);
  /// The same, from another configuration.
  void publish(http::Settings settings, const Config& config);
  /// A server's id is another's from now on: what was known of its fitness is void.
  void forget(http::ServerId server) { fleet_state_.server(server).forget(); }
  /// Whether every worker has adopted what was published last.
  [[nodiscard]] bool settled();
  /// Frees something that the workers cannot find any more, as soon as none of them holds it.
  /// Null is nothing.
  void retire(std::shared_ptr<const void> object) { retired_.add(std::move(object)); }
  /// Sets the workers going.
  void start();

  /// Takes no new connections and lets the present ones end.
  void drain();
  /// Connections that are still there.
  [[nodiscard]] std::uint64_t connections() const { return dataplane_.connections(); }
  /// Of these, the ones worth waiting for: more is to come than a peer's FIN.
  [[nodiscard]] std::uint64_t unfinished() const { return dataplane_.unfinished(); }
  /// Resets what is open and ends the workers. False when one of them does not end within some
  /// seconds: then nothing can be taken down any more.
  [[nodiscard]] bool end();

  /// Looks after links, listeners and old snapshots; called a few times a second.
  void tend();

  /// What start-up tells the operator: the ports, the memory.
  [[nodiscard]] std::string describe() const { return dataplane_.describe(); }
  [[nodiscard]] std::vector<std::string> warnings() const { return dataplane_.fleet().warnings(); }

  // For statistics.

  /// Of what was published last.
  [[nodiscard]] const Config& config() const { return config_; }
  [[nodiscard]] const Snapshot& snapshot() const { return *snapshots_->latest(); }
  [[nodiscard]] const worker::Fleet& fleet() const { return dataplane_.fleet(); }
  /// The passes of the loop that each worker has made.
  [[nodiscard]] std::vector<std::uint64_t> passes() const;
  /// The interfaces, which are the same on every worker.
  [[nodiscard]] std::span<const ip::Interface> interfaces() const {
    return dataplane_.fleet().worker(0).network().interfaces();
  }
  [[nodiscard]] const worker::MemoryPlan& memory() const { return dataplane_.memory(); }
  [[nodiscard]] const std::vector<unsigned>& cpus() const { return dataplane_.cpus(); }
  /// What the workers know together of servers.
  [[nodiscard]] const http::FleetState& fleet_state() const { return fleet_state_; }
  /// Null without [access_log].
  [[nodiscard]] AccessLog* access_log() const { return access_log_.get(); }
  /// The workers' time line; any thread may ask.
  [[nodiscard]] Instant now() const { return dataplane_.fleet().worker(0).time(); }
  [[nodiscard]] const std::vector<std::unique_ptr<WorkerProgram>>& programs() const {
    return programs_;
  }

 private:
  void watch_listeners();

  Config config_;
  std::unique_ptr<AccessLog> access_log_;
  Dataplane dataplane_;
  HashKey proxy_key_;
  http::FleetState fleet_state_;
  std::unique_ptr<SnapshotStore> snapshots_;
  Retirement retired_;
  std::vector<std::unique_ptr<WorkerProgram>> programs_;
  std::uint64_t generation_ = 0;
  std::uint64_t listen_failures_ = 0;  // that were told of
  bool running_ = false;
};

}  // namespace sluice::control
