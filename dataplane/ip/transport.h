#pragma once

#include <cstdint>
#include <span>

#include "dataplane/buffer/packet.h"
#include "dataplane/wire/ip_address.h"

namespace sluice::ip {

/// A transport-layer packet as the IP layer hands it up: `packet` starts at the transport header
/// and ends with the datagram (link-layer padding is gone). The first buffer holds the whole
/// transport header if the datagram does.
struct Datagram {
  Packet packet;
  wire::IpAddress source;
  wire::IpAddress destination;     ///< one of this host's own unicast addresses
  bool checksum_verified = false;  ///< the port has found the transport checksum good
  std::uint8_t traffic_class = 0;  ///< DSCP and ECN bits (RFC 3168)
};

/// What an ICMP error says about a packet we sent (RFC 1122 section 4.2.3.9, RFC 5927).
enum class DeliveryProblem : std::uint8_t {
  kHostUnreachable,      ///< soft: network or host unreachable, time exceeded
  kPortUnreachable,      ///< hard: port or protocol unreachable, administratively prohibited
  kPacketTooBig,         ///< `mtu` tells what the path carries: less than the packet, bytes
  kNeighbourUnresolved,  ///< ours: the next hop did not answer ARP or neighbour solicitation
};

/// An ICMP error, or our own failure to resolve a neighbour, with what is known of the segment.
struct DeliveryFailure {
  DeliveryProblem problem;
  wire::IpAddress local;   ///< source of the packet that was sent
  wire::IpAddress remote;  ///< its destination
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
  std::uint32_t sequence = 0;  ///< of the segment quoted by an ICMP error
  std::uint16_t mtu = 0;
};

/// What sits above IP: TCP. The IP layer calls it for packets whose protocol it serves.
class Transport {
 public:
  /// The TCP packets of one burst, in the order of their arrival. They may be moved from.
  virtual void receive(std::span<Datagram> burst) = 0;
  virtual void delivery_failed(const DeliveryFailure& failure) = 0;

 protected:
  ~Transport() = default;
};

}  // namespace sluice::ip
