#include "dataplane/port/device.h"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "dataplane/base/keyed_hash.h"
#include "dataplane/port/socket_path.h"

namespace sluice::port {
namespace {

// A packet socket's ring: 2048 frames of 2 KiB for each direction and queue. The kernel puts 66
// bytes of its own in front of a received frame.
constexpr unsigned kPacketFrameSize = 2048;
constexpr unsigned kPacketFrames = 2048;
constexpr unsigned kPacketBlockSize = 64 * 1024;
constexpr std::uint16_t kPacketMtuLimit = kPacketFrameSize - 66 - 14;

// AF_XDP receives into our packet buffers, 256 bytes behind the usual headroom.
constexpr std::uint16_t kXdpMtuLimit = 2048 - 256 - 18;

constexpr std::size_t kFrameHeader = 14;
constexpr std::size_t kMemifBuffer = 2048;  // the driver's
// A thousand of them for each direction and queue.
constexpr std::size_t kLargestMemifBuffer = 9216 + kFrameHeader;

constexpr std::string_view kVirtualBus = "vdev";

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// DPDK 24.11 takes 128 characters, the socket's path and all: the driver's defaults are left out,
// and the address, by which it filters nothing.
std::string memif_arguments(const DeviceName& name) {
  std::string text = "socket=" + name.target + ",socket-abstract=no";
  if (name.role == MemifRole::kServer) text += ",role=server";
  if (name.memif_id != 0) text += ",id=" + std::to_string(name.memif_id);
  if (name.memif_zero_copy) return text + ",zero-copy=yes";  // of buffers as they are in the pool
  // A frame in one buffer each: with several, as many fewer would be on their way.
  const std::size_t frame = std::min(name.memif_mtu + kFrameHeader, kLargestMemifBuffer);
  if (frame > kMemifBuffer) text += ",bsize=" + std::to_string(frame);
  return text;
}

std::string permission_hint(std::string_view capabilities) {
  if (geteuid() == 0) return {};
  return " (needs " + std::string(capabilities) + ")";
}

// What stays the same when options are added to a device's name.
std::string identity(const DeviceName& name) {
  std::string text = std::string(to_string(name.kind)) + ':' + name.target;
  if (name.kind == DeviceKind::kMemif) text += ',' + std::to_string(name.memif_id);
  return text;
}

// The tap driver has the kernel signal arriving frames, to any thread of the process. They shall
// not cut the control thread's waits short, nor those of threads it makes from now on.
void leave_signals_to_workers() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal = SIGRTMIN + 1; signal < SIGRTMAX; ++signal) sigaddset(&signals, signal);
  (void)pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

wire::MacAddress stable_mac(const std::string& device_text) {
  std::array<char, 256> host{};
  (void)gethostname(host.data(), host.size() - 1);
  const std::string text = std::string(host.data()) + '\n' + device_text;
  const std::uint64_t hash = keyed_hash(HashKey{}, text.data(), text.size());
  wire::MacAddress mac;
  for (std::size_t i = 0; i < mac.bytes.size(); ++i) {
    mac.bytes[i] = static_cast<std::uint8_t>(hash >> (8 * i));
  }
  mac.bytes[0] = static_cast<std::uint8_t>((mac.bytes[0] & 0xfc) | 0x02);  // unicast, local
  return mac;
}

std::uint16_t descriptors_of(DeviceKind kind) {
  return kind == DeviceKind::kAfXdp ? 2048 : 1024;
}

std::uint32_t buffers_held_by_queue(const DeviceName& device) {
  const bool by_reference = device.kind == DeviceKind::kPci || device.kind == DeviceKind::kAfXdp ||
                            device.memif_zero_copy;
  if (by_reference) return 2U * descriptors_of(device.kind);
  return device.kind == DeviceKind::kRing ? RingWires::kRingSize : 0;
}

Device::Device(DeviceName name, std::uint16_t index, DeviceEnvironment& environment)
    : name_(std::move(name)), index_(index), environment_(environment) {
  const DpdkLog::Attempt attempt(environment_.log);
  const bool shareable = name_.kind == DeviceKind::kRing || name_.kind == DeviceKind::kMemif;
  if (!shareable && !environment_.taken.insert(name_.target).second) {
    throw failure("it is used by another port already");
  }
  mac_ = name_.mac.value_or(stable_mac(identity(name_)));
  const auto workers = static_cast<std::uint16_t>(
      std::min<std::uint32_t>(environment_.workers, DeviceName::kMaximumQueues));
  // Where both sides must agree on the queues, more than one is the operator's decision.
  const bool agreed = name_.kind == DeviceKind::kMemif || name_.kind == DeviceKind::kVhostUser ||
                      name_.kind == DeviceKind::kRing;
  const std::uint16_t wanted = name_.queues != 0 ? name_.queues : (agreed ? 1 : workers);
  queues_ = std::min(wanted, workers);
  open();
}

void Device::open() {
  switch (name_.kind) {
    case DeviceKind::kPci:
      return open_pci();
    case DeviceKind::kAfXdp:
      return open_af_xdp();
    case DeviceKind::kAfPacket:
      return open_af_packet();
    case DeviceKind::kTap:
      return open_tap();
    case DeviceKind::kMemif:
      return open_memif();
    case DeviceKind::kVhostUser:
      return open_vhost_user();
    case DeviceKind::kRing:
      return open_ring();
  }
}

Device::~Device() {
  const DpdkLog::Attempt attempt(environment_.log);
  wire_.drain();
  if (taken_) {
    (void)rte_eth_dev_stop(ethdev_);
    (void)rte_eth_dev_close(ethdev_);
  }
  if (!virtual_name_.empty()) {
    (void)rte_eal_hotplug_remove(kVirtualBus.data(), virtual_name_.c_str());
  }
}

std::runtime_error Device::failure(const std::string& what) const {
  std::string text = name_.text + ": " + what;
  const std::string complaints =
      environment_.log == nullptr ? std::string() : environment_.log->complaints();
  if (!complaints.empty()) text += " [DPDK: " + complaints + ']';
  return std::runtime_error(text);
}

std::string Device::driver() const {
  rte_eth_dev_info info{};
  if (rte_eth_dev_info_get(ethdev_, &info) != 0 || info.driver_name == nullptr) return "unknown";
  return info.driver_name;
}

void Device::make_virtual(const std::string& driver, const std::string& arguments) {
  const std::string name = driver + std::to_string(index_);
  const int error = rte_eal_hotplug_add(kVirtualBus.data(), name.c_str(), arguments.c_str());
  if (error != 0) {
    throw failure(std::string("cannot be opened: ") + rte_strerror(-error));
  }
  virtual_name_ = name;
  if (rte_eth_dev_get_port_by_name(name.c_str(), &ethdev_) != 0) {
    throw failure("DPDK made no port of it");
  }
  taken_ = true;
}

void Device::read_ethdev_mac() {
  rte_ether_addr address{};
  if (rte_eth_macaddr_get(ethdev_, &address) != 0) throw failure("its MAC cannot be read");
  std::copy(std::begin(address.addr_bytes), std::end(address.addr_bytes), mac_.bytes.begin());
}

void Device::open_pci() {
  if (rte_eth_dev_get_port_by_name(name_.target.c_str(), &ethdev_) == 0) {
    taken_ = true;
    read_ethdev_mac();
    std::uint16_t mtu = 0;
    if (rte_eth_dev_get_mtu(ethdev_, &mtu) == 0) mtu_ = mtu;
    return;
  }
  const std::filesystem::path device = "/sys/bus/pci/devices/" + name_.target;
  std::error_code error;
  if (!std::filesystem::exists(device, error)) {
    throw failure("there is no such PCI device; dpdk-devbind.py --status-dev net lists them");
  }
  const auto driver = std::filesystem::read_symlink(device / "driver", error);
  throw failure("DPDK has no driver for it as it is (" +
                (error ? "no kernel driver" : "bound to " + driver.filename().string()) +
                "); dpdk-devbind.py -b vfio-pci " + name_.target + " hands it to user space");
}

KernelInterface Device::take_kernel_interface(std::uint16_t mtu_limit) {
  const std::string& name = name_.target;
  auto interface = find_kernel_interface(name);
  if (!interface) {
    throw failure("interface " + name + " does not exist here; there are " +
                  joined(kernel_interface_names()));
  }
  if (!interface->up && !set_interface_up(name)) {
    throw failure("interface " + name + " is down and cannot be set up" +
                  permission_hint("CAP_NET_ADMIN"));
  }
  mac_ = interface->mac;
  mtu_ = std::min(interface->mtu, mtu_limit);
  multicast_ = std::make_unique<MulticastReception>(interface->index);
  return *interface;
}

void Device::open_af_xdp() {
  if (environment_.log != nullptr) environment_.log->adopt_xdp_libraries();
  const KernelInterface interface = take_kernel_interface(kXdpMtuLimit);
  // All queues of the interface: what arrives at another one goes to the kernel.
  const std::uint16_t present = interface.combined_queues;
  queues_ = std::min(name_.queues == 0 ? present : name_.queues, DeviceName::kMaximumQueues);
  if (queues_ < present) {
    warnings_.push_back(name_.text + ": packets that arrive at the interface's other " +
                        std::to_string(present - queues_) +
                        " queues go to the kernel; ethtool -L " + name_.target + " combined " +
                        std::to_string(queues_) + " prevents it");
  }
  make_virtual("net_af_xdp",
               "iface=" + name_.target + ",start_queue=0,queue_count=" + std::to_string(queues_));
}

// A packet socket gets copies: the kernel sees every frame as well.
void Device::warn_of_kernel() {
  const std::string& name = name_.target;
  const std::vector<std::string> addresses = kernel_addresses(name);
  if (!addresses.empty()) {
    warnings_.push_back(name_.text + ": the kernel has addresses on the interface (" +
                        joined(addresses) + ") and answers for them; ip addr flush dev " + name +
                        " removes them");
  }
  if (kernel_forwards(name)) {
    warnings_.push_back(name_.text +
                        ": the kernel forwards what it receives on the interface, so that packets "
                        "arrive twice; sysctl -w net.ipv4.conf." +
                        name + ".forwarding=0 net.ipv6.conf." + name + ".forwarding=0 prevents it");
  }
}

void Device::open_af_packet() {
  const KernelInterface interface = take_kernel_interface(kPacketMtuLimit);
  if (interface.merges_received) {
    warnings_.push_back(name_.text +
                        ": the interface merges received packets (GRO or LRO), and those longer "
                        "than its MTU are lost; ethtool -K " +
                        name_.target + " gro off lro off prevents it");
  }
  warn_of_kernel();
  make_virtual("net_af_packet", "iface=" + name_.target + ",qpairs=" + std::to_string(queues_) +
                                    ",blocksz=" + std::to_string(kPacketBlockSize) +
                                    ",framesz=" + std::to_string(kPacketFrameSize) + ",framecnt=" +
                                    std::to_string(kPacketFrames) + ",qdisc_bypass=1");
}

// The kernel's end of a tap has the address that the driver chooses; ours is another, or both
// ends would make the same IPv6 link-local address of it.
void Device::open_tap() {
  if (find_kernel_interface(name_.target)) {
    throw failure("interface " + name_.target + " exists already");
  }
  if (access("/dev/net/tun", R_OK | W_OK) != 0) {
    throw failure("/dev/net/tun cannot be opened; modprobe tun?" +
                  permission_hint("CAP_NET_ADMIN"));
  }
  make_virtual("net_tap", "iface=" + name_.target);
  leave_signals_to_workers();
}

void Device::open_memif() {
  const bool server = name_.role == MemifRole::kServer;
  try {
    if (!server) {
      require_listener(name_.target);
    } else if (!environment_.sockets.contains(name_.target)) {
      clear_socket_path(name_.target);
    }
  } catch (const std::runtime_error& error) {
    throw failure(error.what());
  }
  mtu_ = name_.memif_mtu;
  make_virtual("net_memif", memif_arguments(name_));
  if (server) environment_.sockets.insert(name_.target);
}

void Device::open_vhost_user() {
  try {
    clear_socket_path(name_.target);
  } catch (const std::runtime_error& error) {
    throw failure(error.what());
  }
  // A guest may describe a packet of any size; linear-buffer keeps it to one buffer or drops it.
  make_virtual("net_vhost",
               "iface=" + name_.target + ",queues=" + std::to_string(queues_) + ",linear-buffer=1");
}

void Device::open_ring() {
  try {
    wire_ = environment_.wires.connect(name_.target, queues_);
  } catch (const std::runtime_error& error) {
    throw failure(error.what());
  }
  // Two ends with one text would have one address.
  const std::string ethdev_name = name_.target + (wire_.first ? "-0" : "-1");
  if (!name_.mac) mac_ = stable_mac(identity(name_) + (wire_.first ? "-0" : "-1"));
  const int ethdev =
      rte_eth_from_rings(ethdev_name.c_str(), wire_.receive.data(), queues_, wire_.transmit.data(),
                         queues_, static_cast<unsigned>(SOCKET_ID_ANY));
  if (ethdev < 0) throw failure(std::string("cannot be made: ") + rte_strerror(rte_errno));
  ethdev_ = static_cast<std::uint16_t>(ethdev);
  virtual_name_ = "net_ring_" + ethdev_name;
  taken_ = true;
}

}  // namespace sluice::port
