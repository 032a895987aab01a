#pragma once

#include <cstdint>

#include "dataplane/ip/interface.h"
#include "dataplane/wire/ip_address.h"

namespace sluice::ip {

/// How a received IP packet came here, and what its headers said.
struct Arrival {
  const Interface* interface = nullptr;
  const port::LinkProperties* link = nullptr;
  wire::MacAddress sender_mac;
  bool fragment = false;  ///< only a part of a datagram, of IPv4
  bool to_group = false;  ///< sent to a multicast or broadcast address, of IP or of Ethernet
  wire::IpAddress source;
  wire::IpAddress destination;
  std::uint8_t protocol = 0;
  std::uint8_t hop_limit = 0;  ///< TTL in IPv4
  std::uint8_t traffic_class = 0;
  std::uint16_t payload_offset = 0;  ///< from the IP header's start to `protocol`'s header, bytes
  std::uint32_t end = 0;             ///< from the IP header's start to the packet's end, bytes
};

}  // namespace sluice::ip
