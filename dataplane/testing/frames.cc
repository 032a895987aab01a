#include "dataplane/testing/frames.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "dataplane/wire/checksum.h"
#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/icmp.h"
#include "dataplane/wire/ip_protocol.h"
#include "dataplane/wire/ipv4.h"
#include "dataplane/wire/ipv6.h"

namespace sluice::testing {
namespace {

void append(Frame& frame, const Frame& more) {
  frame.insert(frame.end(), more.begin(), more.end());
}

void finish_icmp(Frame& message, const Journey& journey) {
  wire::InternetSum sum;
  if (journey.source.is_v6()) {
    sum = wire::pseudo_header_sum(journey.source, journey.destination, wire::kProtocolIcmpv6,
                                  static_cast<std::uint32_t>(message.size()));
  }
  wire::store_be16(&message[2], 0);
  sum.add(message);
  wire::store_be16(&message[2], sum.checksum());
}

template <typename Message>
Frame ndp_message(const Journey& journey, const Message& message) {
  Frame bytes(Message::kSize);
  message.write(bytes.data());
  finish_icmp(bytes, journey);
  return bytes;
}

}  // namespace

wire::IpAddress ip(std::string_view text) {
  const auto address = wire::IpAddress::parse(text);
  if (!address) throw std::invalid_argument("not an address: " + std::string(text));
  return *address;
}

wire::MacAddress mac(std::string_view text) {
  const auto address = wire::MacAddress::parse(text);
  if (!address) throw std::invalid_argument("not a MAC address: " + std::string(text));
  return *address;
}

Frame octets(std::string_view text) {
  return {text.begin(), text.end()};
}

Frame ethernet_frame(const Hop& hop, std::uint16_t type, const Frame& payload) {
  Frame frame(wire::EthernetHeader::kSize);
  wire::write_ethernet_header(frame.data(), hop.destination, hop.source, type);
  append(frame, payload);
  return frame;
}

Frame arp_frame(const Hop& hop, const wire::ArpPacket& packet) {
  Frame bytes(wire::ArpPacket::kSize);
  packet.write(bytes.data());
  return ethernet_frame(hop, wire::kEtherArp, bytes);
}

Frame ip_packet(const Journey& journey, std::uint8_t protocol, const Frame& payload,
                std::uint8_t hop_limit) {
  Frame packet;
  if (journey.source.is_v4()) {
    packet.resize(wire::Ipv4Header::kMinimumSize);
    wire::write_ipv4_header(packet.data(),
                            {static_cast<std::uint16_t>(packet.size() + payload.size()), protocol,
                             hop_limit, 0, journey.source, journey.destination});
    wire::finish_ipv4_checksum(packet.data());
  } else {
    packet.resize(wire::Ipv6Header::kSize);
    wire::write_ipv6_header(packet.data(), {static_cast<std::uint16_t>(payload.size()), protocol,
                                            hop_limit, 0, journey.source, journey.destination});
  }
  append(packet, payload);
  return packet;
}

Frame ip_frame(const Hop& hop, const Frame& packet) {
  return ethernet_frame(hop, packet.at(0) >> 4 == 4 ? wire::kEtherIpv4 : wire::kEtherIpv6, packet);
}

Frame tcp_segment(const Journey& journey, const wire::TcpHeaderFields& fields,
                  std::string_view payload, const wire::TcpOptions& options) {
  Frame segment(wire::TcpHeader::kMinimumSize + options.size());
  wire::write_tcp_header(segment.data(), fields, options.size());
  options.write(segment.data() + wire::TcpHeader::kMinimumSize);
  append(segment, octets(payload));
  wire::InternetSum sum =
      wire::pseudo_header_sum(journey.source, journey.destination, wire::kProtocolTcp,
                              static_cast<std::uint32_t>(segment.size()));
  sum.add(segment);
  wire::store_be16(&segment[16], sum.checksum());
  return segment;
}

Frame icmp_message(const Journey& journey, std::uint8_t type, std::uint8_t code, std::uint32_t rest,
                   const Frame& body) {
  Frame message(wire::IcmpHeader::kSize);
  wire::write_icmp_header(message.data(), type, code, rest);
  append(message, body);
  finish_icmp(message, journey);
  return message;
}

Frame solicitation_message(const Journey& journey, const wire::NeighbourSolicitation& message) {
  return ndp_message(journey, message);
}

Frame advertisement_message(const Journey& journey, const wire::NeighbourAdvertisement& message) {
  return ndp_message(journey, message);
}

void mend_ipv4_checksum(Frame& frame, std::size_t offset) {
  const std::size_t size = static_cast<std::size_t>(frame.at(offset) & 0x0f) * 4;
  wire::store_be16(&frame.at(offset + 10), 0);
  wire::InternetSum sum;
  sum.add(wire::Bytes(frame).subspan(offset, size));
  wire::store_be16(&frame[offset + 10], sum.checksum());
}

Packet packet_of(PacketPool& pool, const Frame& frame) {
  return pool.copy(frame);
}

Packet chain_of(PacketPool& pool, const Frame& frame, std::span<const std::size_t> sizes) {
  Packet chain;
  wire::Bytes rest(frame);
  for (std::size_t i = 0; i <= sizes.size(); ++i) {
    const std::size_t size = i < sizes.size() ? std::min(sizes[i], rest.size()) : rest.size();
    Packet piece = pool.copy(rest.first(size));
    if (!piece) throw std::length_error("a piece is larger than a buffer, or no buffer is left");
    rest = rest.subspan(size);
    if (!chain) {
      chain = std::move(piece);
    } else if (rte_pktmbuf_chain(chain.get(), piece.get()) == 0) {
      (void)piece.release();
    }
  }
  return chain;
}

Frame frame_of(const Packet& packet) {
  Frame frame;
  for (const rte_mbuf* mbuf = packet.get(); mbuf != nullptr; mbuf = mbuf->next) {
    const auto* data = rte_pktmbuf_mtod(mbuf, const std::uint8_t*);
    frame.insert(frame.end(), data, data + mbuf->data_len);
  }
  return frame;
}

}  // namespace sluice::testing
