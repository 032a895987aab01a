#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ip_address.h"
#include "dataplane/wire/mac_address.h"

namespace sluice::wire {

/// Neighbour discovery is only believed from the link: a router would have lowered this.
inline constexpr std::uint8_t kNdpHopLimit = 255;

/// ff02::1
IpAddress all_nodes_address();
/// ff02::1:ffXX:XXXX (RFC 4291 section 2.7.1).
IpAddress solicited_node_address(const IpAddress& target);
/// fe80:: with the interface identifier made of a MAC address (RFC 4291 appendix A).
IpAddress link_local_address(const MacAddress& mac);
/// The Ethernet address of an IPv6 multicast group (RFC 2464 section 7).
MacAddress multicast_mac(const IpAddress& group);

/// A neighbour solicitation (RFC 4861 section 4.3).
struct NeighbourSolicitation {
  /// Size of the message that write() makes: with a link-layer address option.
  static constexpr std::size_t kSize = 32;

  IpAddress target;
  std::optional<MacAddress> source_mac;

  /// Reads an ICMPv6 message by the validity rules of RFC 4861 section 7.1.1; the checksum has been
  /// verified before. Nothing when it must be discarded.
  static std::optional<NeighbourSolicitation> parse(Bytes message, const IpAddress& source,
                                                    const IpAddress& destination,
                                                    std::uint8_t hop_limit);

  /// Writes kSize bytes, with a checksum of zero; `source_mac` must be set.
  void write(std::uint8_t* out) const;
};

/// A neighbour advertisement (RFC 4861 section 4.4).
struct NeighbourAdvertisement {
  /// Size of the message that write() makes: with a link-layer address option.
  static constexpr std::size_t kSize = 32;

  IpAddress target;
  std::optional<MacAddress> target_mac;
  bool solicited = false;
  bool override_cache = false;

  /// Reads an ICMPv6 message by the validity rules of RFC 4861 section 7.1.2; the checksum has been
  /// verified before. Nothing when it must be discarded.
  static std::optional<NeighbourAdvertisement> parse(Bytes message, const IpAddress& destination,
                                                     std::uint8_t hop_limit);

  /// Writes kSize bytes, with a checksum of zero; `target_mac` must be set.
  void write(std::uint8_t* out) const;
};

}  // namespace sluice::wire
