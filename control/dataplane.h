#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "control/config/config.h"
#include "dataplane/base/keyed_hash.h"
#include "dataplane/port/eal.h"
#include "dataplane/worker/application.h"
#include "dataplane/worker/fleet.h"
#include "dataplane/worker/memory_plan.h"

namespace sluice::control {

/// How many workers a configuration asks for, on this machine.
std::uint32_t worker_count(const Config& config);

/// DPDK, the ports and the workers of a process, made as the configuration's [sluice], [tcp] and
/// [[interface]] tables say. What runs on the workers is another's business. Everything here is
/// called by the control thread.
class Dataplane {
 public:
  /// Starts DPDK, opens the ports and makes the workers; none runs yet. Throws std::runtime_error
  /// or std::invalid_argument with a message for the operator.
  explicit Dataplane(const Config& config);

  [[nodiscard]] worker::Fleet& fleet() { return *fleet_; }
  [[nodiscard]] const worker::Fleet& fleet() const { return *fleet_; }
  [[nodiscard]] const worker::MemoryPlan& memory() const { return memory_; }
  /// The CPU of each worker.
  [[nodiscard]] const std::vector<unsigned>& cpus() const { return cpus_; }

  /// Sets the workers going, each with the application of its index. Returns at once.
  void start(std::span<worker::Application* const> applications);
  /// Waits until every worker has returned from its loop.
  void join() { eal_->join(); }

  /// Logs the links that have changed; called a few times a second.
  void watch_links();

  /// What start-up tells the operator: the ports, the memory.
  [[nodiscard]] std::string describe() const;
  /// Connections that are there now.
  [[nodiscard]] std::uint64_t connections() const;
  /// Of these, the ones with more to come than a peer's FIN.
  [[nodiscard]] std::uint64_t unfinished() const;

 private:
  std::vector<unsigned> cpus_;
  worker::MemoryPlan memory_;
  std::unique_ptr<port::Eal> eal_;
  std::unique_ptr<worker::Fleet> fleet_;
};

}  // namespace sluice::control
