#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "dataplane/port/device_name.h"
#include "dataplane/port/dpdk_log.h"
#include "dataplane/port/kernel_interface.h"
#include "dataplane/port/ring_wire.h"
#include "dataplane/wire/mac_address.h"

namespace sluice::port {

/// What the devices of one process share. Outlives them.
struct DeviceEnvironment {
  explicit DeviceEnvironment(std::uint32_t worker_count, DpdkLog* dpdk_log = nullptr)
      : workers(worker_count), log(dpdk_log) {}

  std::uint32_t workers;  ///< how many queues could be used
  DpdkLog* log;           ///< lends errors the drivers' own words; may be null
  RingWires wires;
  std::set<std::string> taken;    ///< targets that cannot be used twice
  std::set<std::string> sockets;  ///< where we listen; several memifs may share a socket
};

/// A device that DPDK has taken: an ethdev, not yet configured. Closing gives it back;
/// no worker uses it by then, nor the other end of a wire.
class Device {
 public:
  /// Takes the device. EAL runs; `index` tells the devices of this process apart. Throws
  /// std::runtime_error that names the device, says what is wrong and, where known, what to do.
  Device(DeviceName name, std::uint16_t index, DeviceEnvironment& environment);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  [[nodiscard]] const DeviceName& name() const { return name_; }
  /// DPDK's number for it.
  [[nodiscard]] std::uint16_t ethdev() const { return ethdev_; }
  /// Receive queues to use, and as many transmit queues. Not more than there are workers, but for
  /// AF_XDP, which must serve all queues of its interface.
  [[nodiscard]] std::uint16_t queues() const { return queues_; }
  [[nodiscard]] const wire::MacAddress& mac() const { return mac_; }
  /// Largest IP packet, bytes.
  [[nodiscard]] std::uint16_t mtu() const { return mtu_; }
  /// DPDK's driver, such as "net_af_packet".
  [[nodiscard]] std::string driver() const;

  /// What an operator should know, though the device works.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  [[nodiscard]] DpdkLog* log() const { return environment_.log; }
  /// An exception that names the device, `what`, and the driver's complaints since it was taken.
  [[nodiscard]] std::runtime_error failure(const std::string& what) const;

 private:
  void open();
  void open_pci();
  void open_af_xdp();
  void open_af_packet();
  void warn_of_kernel();
  void open_tap();
  void open_memif();
  void open_vhost_user();
  void open_ring();
  KernelInterface take_kernel_interface(std::uint16_t mtu_limit);
  void make_virtual(const std::string& driver, const std::string& arguments);
  void read_ethdev_mac();

  DeviceName name_;
  std::uint16_t index_;
  DeviceEnvironment& environment_;
  std::string virtual_name_;  // of the virtual device made here
  std::uint16_t ethdev_ = 0;
  bool taken_ = false;
  std::uint16_t queues_ = 1;
  std::uint16_t mtu_ = 1500;
  wire::MacAddress mac_;
  RingWires::End wire_;  // of a ring device
  std::unique_ptr<MulticastReception> multicast_;
  std::vector<std::string> warnings_;
};

/// An address that is stable over restarts, for a device whose address is ours to choose: locally
/// administered, from the host's name and the device's.
wire::MacAddress stable_mac(const std::string& device_text);

/// Packet buffers that one receive queue and one transmit queue of such a device hold at most.
std::uint32_t buffers_held_by_queue(const DeviceName& device);

/// Ring entries to ask of such a device for a receive or a transmit queue.
std::uint16_t descriptors_of(DeviceKind kind);

}  // namespace sluice::port
