#pragma once

#include <rte_ethdev.h>

#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "dataplane/buffer/packet_pool.h"
#include "dataplane/port/counters.h"
#include "dataplane/port/device.h"
#include "dataplane/port/link.h"
#include "dataplane/port/link_monitor.h"
#include "dataplane/port/offload_selection.h"
#include "dataplane/port/queue_map.h"

namespace sluice::port {

/// A port in words, for the table that is printed at start.
struct PortSummary {
  std::string device;  ///< as the operator wrote it
  std::string driver;  ///< DPDK's
  std::string mac;
  std::string mtu;
  std::string queues;    ///< and the workers they belong to
  std::string hardware;  ///< what the port does itself
  std::string software;  ///< what Sluice does for it
  std::string steering;  ///< how a packet finds its worker
};

/// A DPDK port: a device with its queues, in use from start() to destruction. The control thread
/// makes, starts, watches and destroys it; workers call receive() and transmit(), each on its own
/// queues, and read what is constant.
class Port {
 public:
  /// Takes the device; `first_worker` gets queue 0. Throws std::runtime_error like Device.
  Port(PortId id, DeviceName name, std::uint32_t first_worker, DeviceEnvironment& environment,
       LinkMonitor& monitor);
  ~Port();
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  /// Configures the queues and starts the device. `pools` has one pool for each worker: a queue
  /// fills buffers from the pool of the worker that polls it. Throws std::runtime_error.
  void start(std::span<PacketPool* const> pools);

  [[nodiscard]] PortId id() const { return properties_.port; }
  [[nodiscard]] const LinkProperties& properties() const { return properties_; }
  [[nodiscard]] const QueueMap& queues() const { return queues_; }
  /// Most buffers a packet may be chained of, other than one the port is to segment.
  [[nodiscard]] std::uint16_t longest_chain() const { return longest_chain_; }
  /// Most packets to be given to transmit() at once.
  [[nodiscard]] std::uint16_t transmit_burst() const { return transmit_burst_; }
  [[nodiscard]] const DeviceName& device_name() const { return device_.name(); }
  [[nodiscard]] const std::vector<std::string>& warnings() const { return device_.warnings(); }
  [[nodiscard]] PortSummary summary() const;

  /// Fetches up to `count` packets from a receive queue; they are the caller's.
  std::uint16_t receive(std::uint16_t queue, rte_mbuf** packets, std::uint16_t count) {
    const std::uint16_t received = rte_eth_rx_burst(ethdev_, queue, packets, count);
    if (trusts_peer_) [[unlikely]]
      mark_as_verified({packets, received});
    return received;
  }
  /// Sends packets by a transmit queue; returns how many, from the front, the port took over.
  std::uint16_t transmit(std::uint16_t queue, rte_mbuf** packets, std::uint16_t count) {
    return rte_eth_tx_burst(ethdev_, queue, packets, count);
  }
  /// Fits packets to the port's offloads; returns how many, from the front, it can send. The one
  /// behind them cannot be sent.
  std::uint16_t prepare(std::uint16_t queue, rte_mbuf** packets, std::uint16_t count) {
    return rte_eth_tx_prepare(ethdev_, queue, packets, count);
  }

  [[nodiscard]] const LinkState& link() const { return link_; }
  /// Looks at the link; returns whether it has changed. For the control thread, a few times a
  /// second: not every driver reports changes by itself.
  bool refresh_link();
  [[nodiscard]] DeviceStatistics device_statistics() const;

 private:
  static void mark_as_verified(std::span<rte_mbuf* const> packets);
  void configure(std::uint16_t queues);
  void set_up_queues(std::span<PacketPool* const> pools);
  [[nodiscard]] bool device_link_is_up() const;
  static int on_link_event(std::uint16_t ethdev, rte_eth_event_type event, void* port,
                           void* unused);

  Device device_;
  std::uint16_t ethdev_;
  std::uint32_t workers_;
  QueueMap queues_;
  DeviceCapabilities capabilities_;
  LinkProperties properties_;
  std::uint16_t longest_chain_;
  std::uint16_t transmit_burst_;
  bool trusts_peer_;       // its packets have no TCP checksums
  std::mutex link_mutex_;  // a driver's thread and the control thread may both look
  LinkState link_;
  bool watching_link_ = false;
};

/// A table of all ports, several lines.
std::string format_port_table(std::span<const PortSummary> ports);

}  // namespace sluice::port
