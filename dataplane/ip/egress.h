#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/buffer/packet.h"
#include "dataplane/port/link.h"
#include "dataplane/wire/ecn.h"
#include "dataplane/wire/ip_address.h"

namespace sluice::ip {

/// Bytes of headroom a packet given to Egress::send() must have: Ethernet with one VLAN tag, and
/// IPv6.
inline constexpr std::uint16_t kEgressHeadroom = 18 + 40;

/// What a transport needs to know of the way to a destination before it sends.
struct Path {
  wire::IpAddress source;  ///< our address that is nearest to the destination
  std::uint16_t mtu = 0;   ///< of the first hop: largest IP packet, bytes
  /// What is known of the whole path; `mtu` until something less was found.
  std::uint16_t path_mtu = 0;
  port::Offloads offloads;
};

/// A transport's note of the next hop, so that a connection looks routes and neighbours up once.
/// Owned by the connection, written by the IP layer alone; the initial value means "look it up".
struct NextHop {
  std::uint32_t neighbour = 0;
  std::uint32_t generation = 0;
};

/// The way down from a transport. The IP layer implements it; a simulated network in tests.
class Egress {
 public:
  /// The way to a destination, or nothing when there is no route.
  virtual std::optional<Path> path_to(const wire::IpAddress& destination) = 0;

  /// Remembers that packets to a destination must not be larger than `mtu` bytes, for what
  /// path_to() says later.
  virtual void note_path_mtu(const wire::IpAddress& destination, std::uint16_t mtu) = 0;

  /// Sends a TCP segment: `segment` starts at the TCP header and has kEgressHeadroom in front.
  /// Its checksum field holds the finished checksum or, if the path's port does checksums
  /// (Offloads::transmit_checksum), the pseudo-header's sum with RTE_MBUF_F_TX_TCP_CKSUM and
  /// l4_len set (and RTE_MBUF_F_TX_TCP_SEG and tso_segsz for segmentation); the IP layer adds the
  /// rest of the offload description. `ecn` is for its IP header, and for those of all segments
  /// that the port cuts. Never fails visibly: what cannot be sent is dropped and
  /// counted, or waits for its neighbour.
  virtual void send_tcp(Packet segment, const wire::IpAddress& source,
                        const wire::IpAddress& destination, NextHop& next_hop, wire::Ecn ecn) = 0;

  /// Whether the port that leads there takes more data at present. Otherwise it had better wait
  /// than be given to send_tcp(), which might have to drop it. True as long as the port is unknown.
  [[nodiscard]] virtual bool has_room(const NextHop& /*next_hop*/) { return true; }

 protected:
  ~Egress() = default;
};

}  // namespace sluice::ip
