#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/buffer/packet.h"
#include "dataplane/buffer/packet_pool.h"
#include "dataplane/wire/arp.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ip_address.h"
#include "dataplane/wire/mac_address.h"
#include "dataplane/wire/ndp.h"
#include "dataplane/wire/tcp.h"

/// Frames for tests, right in every length and checksum. Not part of the program.
namespace sluice::testing {

using Frame = std::vector<std::uint8_t>;

/// Where an Ethernet frame comes from and goes to.
struct Hop {
  wire::MacAddress source;
  wire::MacAddress destination;
};

/// Where an IP packet comes from and goes to.
struct Journey {
  wire::IpAddress source;
  wire::IpAddress destination;
};

/// "198.18.0.1" or "2001:db8::1"; throws std::invalid_argument for anything else.
wire::IpAddress ip(std::string_view text);
/// "02:00:00:00:00:01"; throws std::invalid_argument for anything else.
wire::MacAddress mac(std::string_view text);

Frame octets(std::string_view text);

/// A frame of any type, without padding.
Frame ethernet_frame(const Hop& hop, std::uint16_t type, const Frame& payload);
Frame arp_frame(const Hop& hop, const wire::ArpPacket& packet);

/// An IPv4 or IPv6 packet, as the addresses are.
Frame ip_packet(const Journey& journey, std::uint8_t protocol, const Frame& payload,
                std::uint8_t hop_limit = 64);
/// An IP packet in its frame.
Frame ip_frame(const Hop& hop, const Frame& packet);

/// A TCP segment without its IP header, with a finished checksum.
Frame tcp_segment(const Journey& journey, const wire::TcpHeaderFields& fields,
                  std::string_view payload = {}, const wire::TcpOptions& options = {});
/// An ICMP or ICMPv6 message, as the addresses are. `rest` is the header's second half.
Frame icmp_message(const Journey& journey, std::uint8_t type, std::uint8_t code, std::uint32_t rest,
                   const Frame& body);
Frame solicitation_message(const Journey& journey, const wire::NeighbourSolicitation& message);
Frame advertisement_message(const Journey& journey, const wire::NeighbourAdvertisement& message);

/// Writes the right checksum into the IPv4 header at `offset`.
void mend_ipv4_checksum(Frame& frame, std::size_t offset);

/// A frame in packet buffers: one of the pool's, or a chain whose buffers hold `sizes` bytes each,
/// the last one the rest. A chain throws std::length_error for a piece larger than a buffer.
Packet packet_of(PacketPool& pool, const Frame& frame);
Packet chain_of(PacketPool& pool, const Frame& frame, std::span<const std::size_t> sizes);

/// All bytes of a packet.
Frame frame_of(const Packet& packet);

}  // namespace sluice::testing
