#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataplane/base/keyed_hash.h"
#include "dataplane/ip/interface_config.h"
#include "dataplane/port/device.h"
#include "dataplane/port/eal.h"
#include "dataplane/port/hand_off.h"
#include "dataplane/port/link_monitor.h"
#include "dataplane/port/port.h"
#include "dataplane/worker/application.h"
#include "dataplane/worker/idle_policy.h"
#include "dataplane/worker/memory_plan.h"
#include "dataplane/worker/quiescence.h"
#include "dataplane/worker/unmapping_guard.h"
#include "dataplane/worker/worker.h"

namespace sluice::worker {

/// An interface as the operator describes it.
struct InterfaceSettings {
  std::string name;
  std::vector<port::DeviceName> devices;
  std::vector<wire::Prefix> addresses;
  std::vector<ip::StaticRoute> routes;
  std::uint16_t mtu = 0;  ///< largest IP packet to send, bytes; 0, or too much: what the port takes
};

/// What the dataplane of a process is made from.
struct FleetSettings {
  std::uint32_t workers = 1;
  std::vector<InterfaceSettings> interfaces;
  std::uint32_t buffers_per_worker = 8192;
  ip::Config ip;
  /// For each worker: limits are not divided here.
  tcp::StackConfig tcp;
  IdleMode idle = IdleMode::kAdaptive;
  HashKey flow_key;
};

/// The dataplane of one process: its ports and its workers, made in the right order and taken down
/// in the reverse one. EAL runs from before to after. Made, started, watched and destroyed by the
/// control thread.
class Fleet {
 public:
  /// Opens and starts all ports and makes the workers. Throws std::runtime_error (a device, EAL's
  /// memory) or std::invalid_argument (see ip::Network) with a message for the operator. `log`
  /// (may be null) lends errors the drivers' own words.
  explicit Fleet(const FleetSettings& settings, port::DpdkLog* log = nullptr);
  /// Expects that no worker runs any more and that what used them is gone.
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(workers_.size()); }
  [[nodiscard]] Worker& worker(std::uint32_t index) { return *workers_[index]; }
  [[nodiscard]] const Worker& worker(std::uint32_t index) const { return *workers_[index]; }
  /// In the order of the interfaces' devices; the index is the PortId's.
  [[nodiscard]] std::span<port::Port* const> ports() const { return port_pointers_; }
  [[nodiscard]] Quiescence& quiescence() { return quiescence_; }

  /// The table of ports, several lines.
  [[nodiscard]] std::string port_table() const;
  /// What an operator should know of the ports, though they work.
  [[nodiscard]] std::vector<std::string> warnings() const;

  /// Runs every worker on its own thread of `eal`, with the application of its index. Returns at
  /// once.
  void start(port::Eal& eal, std::span<Application* const> applications);
  /// Tells every worker to return from its loop; port::Eal::join() waits for it.
  void stop();

  /// Looks after the links; to be called a few times a second. Returns the ports whose link has
  /// changed since the call before; at the first call, those that are up.
  std::vector<port::PortId> watch_links();

 private:
  void open_ports(const FleetSettings& settings);
  void make_pools(const FleetSettings& settings);
  void start_ports();
  void make_workers(const FleetSettings& settings);
  [[nodiscard]] std::vector<ip::InterfaceConfig> interface_configs(
      const FleetSettings& settings) const;

  // In the order of their making: packets go back to pools until the workers, rings and ports that
  // hold them are gone.
  std::vector<std::unique_ptr<PacketPool>> pools_;
  port::DeviceEnvironment environment_;
  port::LinkMonitor links_;
  std::unique_ptr<port::HandOffMesh> received_;
  std::unique_ptr<port::HandOffMesh> transmitted_;
  std::vector<std::unique_ptr<port::Port>> ports_;
  std::vector<port::Port*> port_pointers_;
  std::vector<bool> links_seen_up_;  // by PortId, as watch_links() has told
  Quiescence quiescence_;
  UnmappingGuard unmapping_guard_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace sluice::worker
