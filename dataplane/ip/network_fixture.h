#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "dataplane/ip/network.h"
#include "dataplane/testing/eal.h"
#include "dataplane/testing/frames.h"
#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/ip_protocol.h"

/// What the tests of the IP layer share.
namespace sluice::ip::test {

using sluice::testing::Frame;
using sluice::testing::Hop;
using sluice::testing::ip;
using sluice::testing::Journey;
using sluice::testing::mac;
using sluice::testing::octets;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct SentFrame {
  port::PortId port;
  Frame bytes;
  std::uint64_t offload_flags = 0;
  unsigned l2_length = 0;
  unsigned l3_length = 0;

  [[nodiscard]] wire::EthernetHeader ethernet() const {
    return *wire::EthernetHeader::parse(bytes);
  }
  /// What follows the Ethernet header.
  [[nodiscard]] Frame packet() const { return {bytes.begin() + 14, bytes.end()}; }
};

/// A link that remembers what left.
class RecordingLink final : public port::Link {
 public:
  void transmit(port::PortId port, Packet frame) override {
    const rte_mbuf& mbuf = *frame.get();
    sent.push_back({port, sluice::testing::frame_of(frame), mbuf.ol_flags,
                    static_cast<unsigned>(mbuf.l2_len), static_cast<unsigned>(mbuf.l3_len)});
  }
  /// Takes what has left since the last call.
  std::vector<SentFrame> take() { return std::exchange(sent, {}); }

  std::vector<SentFrame> sent;
};

struct ReceivedDatagram {
  Frame bytes;
  wire::IpAddress source;
  wire::IpAddress destination;
  bool checksum_verified = false;
  std::uint8_t traffic_class = 0;
  std::size_t first_buffer = 0;  // bytes in it
};

/// A transport that remembers what it was told.
class RecordingTransport final : public Transport {
 public:
  void receive(std::span<Datagram> burst) override {
    ++bursts;
    for (Datagram& datagram : burst) {
      const Packet packet = std::move(datagram.packet);
      datagrams.push_back({sluice::testing::frame_of(packet), datagram.source, datagram.destination,
                           datagram.checksum_verified, datagram.traffic_class,
                           packet.front().size()});
    }
  }
  void delivery_failed(const DeliveryFailure& failure) override { failures.push_back(failure); }

  std::vector<ReceivedDatagram> datagrams;
  std::vector<DeliveryFailure> failures;
  int bursts = 0;
};

inline const port::PortId kWan{0};
inline const port::PortId kFarm1{1};
inline const port::PortId kFarm2{2};
inline const wire::MacAddress kWanMac = mac("02:00:00:00:01:00");
inline const wire::MacAddress kFarm1Mac = mac("02:00:00:00:02:01");
inline const wire::MacAddress kFarm2Mac = mac("02:00:00:00:02:02");
inline const wire::MacAddress kPeerMac = mac("02:00:00:00:09:09");
inline const wire::MacAddress kOtherMac = mac("02:00:00:00:09:0a");

// wan: 198.18.0.1/24 and 2001:db8::1/64 with gateways; farm, of two ports: 198.19.0.1/24 alone.
inline const wire::IpAddress kOwn4 = ip("198.18.0.1");
inline const wire::IpAddress kOwn6 = ip("2001:db8::1");
inline const wire::IpAddress kPeer4 = ip("198.18.0.9");
inline const wire::IpAddress kPeer6 = ip("2001:db8::9");
inline const wire::IpAddress kGateway4 = ip("198.18.0.254");
inline const wire::IpAddress kGateway6 = ip("fe80::fe");
inline const wire::IpAddress kFarmOwn = ip("198.19.0.1");
inline const wire::IpAddress kGuest = ip("198.19.0.11");

inline const Journey kFromPeer4{kPeer4, kOwn4};
inline const Journey kFromPeer6{kPeer6, kOwn6};
inline const Hop kPeerToUs{kPeerMac, kWanMac};

inline std::vector<InterfaceConfig> two_interfaces() {
  InterfaceConfig wan{"wan", {{kWan, kWanMac, 1500, {}}}, {}, {}};
  wan.addresses = {*wire::Prefix::parse("198.18.0.1/24"), *wire::Prefix::parse("2001:db8::1/64")};
  wan.routes = {{*wire::Prefix::parse("0.0.0.0/0"), kGateway4},
                {*wire::Prefix::parse("::/0"), kGateway6}};
  InterfaceConfig farm{
      "farm", {{kFarm1, kFarm1Mac, 1500, {}}, {kFarm2, kFarm2Mac, 1400, {}}}, {}, {}};
  farm.addresses = {*wire::Prefix::parse("198.19.0.1/24")};
  return {wan, farm};
}

/// A network of two interfaces between a recording link and a recording transport.
class NetworkTest : public ::testing::Test {
 public:
  NetworkTest() { make(two_interfaces()); }

  void make(const std::vector<InterfaceConfig>& configs, bool answers = true,
            const Config& config = {}) {
    network.reset();
    network = std::make_unique<Network>(configs, clock, wheel, *pool, link, HashKey{1, 2}, answers,
                                        config);
    network->set_transport(transport);
  }

  void receive(const Frame& frame, port::PortId port = kWan) {
    Packet packet = sluice::testing::packet_of(*pool, frame);
    network->receive(port, {&packet, 1});
  }
  void receive(Packet packet, port::PortId port = kWan) { network->receive(port, {&packet, 1}); }

  void advance(Duration time) {
    const Instant end = clock.now() + time;
    while (clock.now() < end) {
      clock.advance_by(std::min<Duration>(milliseconds(10), end - clock.now()));
      wheel.advance(10000);
    }
  }

  /// A frame from the peer with a TCP segment.
  static Frame tcp_frame(const Journey& journey = kFromPeer4, std::string_view payload = "hello",
                         const Hop& hop = kPeerToUs) {
    const Frame segment = sluice::testing::tcp_segment(
        journey, {50000, 443, 0x01020304, 0, wire::kAck, 1000}, payload);
    return sluice::testing::ip_frame(
        hop, sluice::testing::ip_packet(journey, wire::kProtocolTcp, segment));
  }

  static Frame arp(const Hop& hop, std::uint16_t operation, const wire::IpAddress& sender,
                   const wire::IpAddress& target) {
    return sluice::testing::arp_frame(hop, {operation, hop.source, sender, {}, target});
  }

  /// Makes a peer on the wan known, and forgets what was sent meanwhile.
  void learn_peer(const wire::IpAddress& peer = kPeer4, const wire::MacAddress& mac = kPeerMac) {
    receive(arp({mac, kWanMac}, wire::kArpRequest, peer, kOwn4));
    link.take();
  }

  /// Sends a segment of ours, as TCP does.
  void send(const wire::IpAddress& source, const wire::IpAddress& destination, NextHop& next_hop,
            std::string_view payload = "hello", wire::Ecn ecn = wire::Ecn::kNotCapable) {
    const Frame segment = sluice::testing::tcp_segment(
        {source, destination}, {443, 50000, 0x0a0b0c0d, 0, wire::kAck, 1000}, payload);
    network->send_tcp(sluice::testing::packet_of(*pool, segment), source, destination, next_hop,
                      ecn);
  }
  void send(const wire::IpAddress& source, const wire::IpAddress& destination) {
    NextHop next_hop;
    send(source, destination, next_hop);
  }

  [[nodiscard]] const Counters& counters() const { return network->counters(); }

  sluice::testing::TestPool pool{4096};
  Clock clock;
  TimerWheel wheel{clock};
  RecordingLink link;
  RecordingTransport transport;
  std::unique_ptr<Network> network;
};

}  // namespace sluice::ip::test
