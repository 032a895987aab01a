#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "dataplane/wire/mac_address.h"

namespace sluice::port {

enum class DeviceKind : std::uint8_t {
  kPci,        ///< "0000:3b:00.0": a NIC that a user-space driver may take
  kAfXdp,      ///< "af_xdp:IF": a kernel interface, by AF_XDP sockets
  kAfPacket,   ///< "af_packet:IF": a kernel interface, by packet sockets
  kTap,        ///< "tap:NAME": a tap interface that is made here
  kMemif,      ///< "memif:PATH": shared memory with another process
  kVhostUser,  ///< "vhost-user:PATH": the NIC of a guest; we make the socket
  kRing,       ///< "ring:NAME": the two ends of a wire inside this process
};

/// The word in front of the colon; "pci" for a PCI device.
std::string_view to_string(DeviceKind kind);

/// Which side of a memif makes the socket.
enum class MemifRole : std::uint8_t { kServer, kClient };

/// What an operator wrote to name a device, taken apart.
struct DeviceName {
  DeviceKind kind = DeviceKind::kRing;
  std::string text;    ///< as it was written
  std::string target;  ///< PCI address with domain, interface, path or name
  /// From ",queues=N", 1 to kMaximumQueues: no more receive queues than this. 0: not given.
  std::uint16_t queues = 0;
  /// From ",mac=AA:BB:...", for kinds whose address is ours to choose.
  std::optional<wire::MacAddress> mac;
  MemifRole role = MemifRole::kServer;  ///< from ",role=server|client"
  std::uint32_t memif_id = 0;           ///< from ",id=N": tells interfaces on one socket apart
  std::uint16_t memif_mtu = 1500;       ///< from ",mtu=N": largest IP packet, bytes
  /// From ",zero-copy=yes|no", of a client: the peer reads and writes our packet buffers, all of
  /// which it can see, in place of a memory that both copy to and from.
  bool memif_zero_copy = false;
  /// From ",checksums=yes|no": without them, TCP checksums are neither made nor looked at; both
  /// ends trust the memory they share, as with the guest of a vhost-user device.
  bool memif_checksums = true;

  static constexpr std::uint16_t kMaximumQueues = 64;

  friend bool operator==(const DeviceName&, const DeviceName&) = default;
};

/// A device name that cannot be used; what() tells an operator why and what to write instead.
class DeviceNameError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads "KIND:TARGET[,OPTION=VALUE...]" or a PCI address. Nothing is opened or looked up.
/// Throws DeviceNameError.
DeviceName parse_device_name(std::string_view text);

}  // namespace sluice::port
