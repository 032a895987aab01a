#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/wire/mac_address.h"

namespace sluice::port {

/// A network interface of the kernel, in this process's network namespace, as it is now.
struct KernelInterface {
  unsigned index = 0;
  std::uint16_t mtu = 1500;           ///< bytes; 65535 when it is larger
  bool up = false;                    ///< the administrator wants it up
  bool running = false;               ///< it has a carrier
  bool merges_received = false;       ///< GRO or LRO is on: frames longer than the MTU come in
  std::uint16_t combined_queues = 1;  ///< queue pairs, as "ethtool -l" tells
  wire::MacAddress mac;
};

/// Reads an interface's state; nothing when there is none of this name.
std::optional<KernelInterface> find_kernel_interface(const std::string& name);

/// The kernel's own addresses on an interface, link-local ones apart, as text.
std::vector<std::string> kernel_addresses(const std::string& name);

/// Whether the kernel forwards packets of either family that arrive on an interface.
bool kernel_forwards(const std::string& name);

/// The names of all interfaces, for error messages.
std::vector<std::string> kernel_interface_names();

/// Sets an interface up. False when that is not permitted.
bool set_interface_up(const std::string& name);

/// Lets an interface receive all multicast (IPv6 neighbour discovery needs it) for as long as this
/// object lives; the kernel undoes it even when the process is killed.
class MulticastReception {
 public:
  /// Without permission nothing happens: active() is then false.
  explicit MulticastReception(unsigned interface_index);
  ~MulticastReception();
  MulticastReception(const MulticastReception&) = delete;
  MulticastReception& operator=(const MulticastReception&) = delete;

  [[nodiscard]] bool active() const { return socket_ >= 0; }

 private:
  int socket_ = -1;
};

}  // namespace sluice::port
