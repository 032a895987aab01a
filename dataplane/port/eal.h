#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "dataplane/port/dpdk_log.h"
#include "dataplane/port/hugepages.h"

namespace sluice::port {

/// What EAL, DPDK's base, is started with.
struct EalSettings {
  std::vector<unsigned> worker_cpus;  ///< worker i runs pinned to CPU worker_cpus[i]; not empty
  std::size_t memory_mib = 256;       ///< for packet buffers, rings and drivers
  /// The same when hugepages are not used, where buffers take more room; 0: memory_mib.
  std::size_t small_page_memory_mib = 0;
  HugepageUse hugepages = HugepageUse::kAuto;
  std::vector<std::string> pci_addresses;    ///< the devices DPDK may take; no other is touched
  bool shares_memory = false;                ///< with another process: a memif without copies
  bool telemetry = false;                    ///< DPDK's own socket, for dpdk-telemetry.py
  std::vector<std::string> extra_arguments;  ///< the operator's own, behind all others
};

/// The CPUs this process may run on, in ascending order.
std::vector<unsigned> allowed_cpus();

/// Of the CPUs that may be used, those where threads that are no workers run: the workers' are left
/// alone when others remain, since a worker that waits for its CPU keeps packets waiting.
std::vector<unsigned> control_cpus(std::span<const unsigned> allowed,
                                   std::span<const unsigned> worker_cpus);

/// EAL's command line. lcore 0 is the control thread, which keeps all of `control_cpus`; lcore
/// i + 1 is worker i.
std::vector<std::string> eal_arguments(const EalSettings& settings, bool hugepages,
                                       std::span<const unsigned> control_cpus,
                                       const std::string& file_prefix);

/// EAL, from its start to its end. DPDK lets a process have one, once. Made, used and destroyed by
/// the control thread; ports, pools and rings are gone before it is.
class Eal {
 public:
  /// Throws std::runtime_error, with EAL's complaints, when it does not start.
  Eal(EalSettings settings, LogSink log);
  ~Eal();
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;

  [[nodiscard]] bool hugepages() const { return hugepages_; }
  [[nodiscard]] std::uint32_t workers() const {
    return static_cast<std::uint32_t>(settings_.worker_cpus.size());
  }
  [[nodiscard]] DpdkLog& log() { return log_; }

  /// Runs `body` on a worker's own thread, which must be idle; returns at once.
  void launch(std::uint32_t worker, std::function<void()> body);
  /// Waits until every launched body has returned.
  void join();

 private:
  EalSettings settings_;
  DpdkLog log_;
  bool hugepages_ = false;
  std::vector<std::string> arguments_;
  std::vector<std::function<void()>> bodies_;
};

}  // namespace sluice::port
