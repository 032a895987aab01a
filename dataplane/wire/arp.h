#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ip_address.h"
#include "dataplane/wire/mac_address.h"

namespace sluice::wire {

enum ArpOperation : std::uint16_t {
  kArpRequest = 1,
  kArpReply = 2,
};

/// An ARP packet for IPv4 over Ethernet (RFC 826).
struct ArpPacket {
  static constexpr std::size_t kSize = 28;

  std::uint16_t operation = 0;  ///< an ArpOperation, or another number
  MacAddress sender_mac;
  IpAddress sender_ip;
  MacAddress target_mac;
  IpAddress target_ip;

  /// Reads what follows the Ethernet header. Nothing when it is short or not about IPv4 over
  /// Ethernet. Bytes behind the packet (padding) are not looked at.
  static std::optional<ArpPacket> parse(Bytes bytes);

  /// Writes kSize bytes.
  void write(std::uint8_t* out) const;
};

}  // namespace sluice::wire
