#pragma once

#include <cstdint>

#include "dataplane/base/id.h"
#include "dataplane/buffer/packet.h"
#include "dataplane/wire/mac_address.h"

namespace sluice::port {

using PortId = Id<struct PortTag, std::uint16_t>;

/// What a port does itself. What it cannot do, the layers above do in software.
struct Offloads {
  bool receive_checksum = false;      ///< marks received TCP checksums, often IPv4 ones as well
  bool transmit_checksum = false;     ///< fills in TCP checksums
  bool segmentation = false;          ///< TCP segmentation (TSO), IPv4 checksums included
  bool multi_segment = false;         ///< sends packets that are chains of buffers
  bool large_pieces = false;          ///< of more than PacketPool::kDataRoom bytes, in such chains
  bool receive_side_scaling = false;  ///< spreads TCP flows over its receive queues

  /// What all of several ports do.
  [[nodiscard]] Offloads intersect(const Offloads& other) const;
  friend bool operator==(const Offloads&, const Offloads&) = default;
};

/// What the layers above know of a port.
struct LinkProperties {
  PortId port;
  wire::MacAddress mac;
  std::uint16_t mtu = 1500;  ///< largest IP packet, bytes
  Offloads offloads;
};

/// Where a worker's frames leave: the ports as the layers above see them. The worker implements it
/// with its transmit queues; tests with a list or a simulated link.
class Link {
 public:
  /// Takes a complete Ethernet frame for one port. Never blocks: what the port cannot take at the
  /// end of the burst is dropped there and counted.
  virtual void transmit(PortId port, Packet frame) = 0;

  /// Whether a port takes more that can as well be sent later. Some room is kept beyond that, for
  /// what is small and cannot wait.
  [[nodiscard]] virtual bool has_room(PortId /*port*/) const { return true; }

 protected:
  ~Link() = default;
};

}  // namespace sluice::port
