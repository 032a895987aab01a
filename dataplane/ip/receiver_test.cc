#include "dataplane/ip/receiver.h"

#include <gtest/gtest.h>

#include <array>

#include "dataplane/ip/network_fixture.h"
#include "dataplane/wire/icmp.h"

namespace sluice::ip::test {
namespace {

using sluice::testing::chain_of;
using sluice::testing::ethernet_frame;
using sluice::testing::ip_frame;
using sluice::testing::ip_packet;
using sluice::testing::mend_ipv4_checksum;
using sluice::testing::packet_of;
using sluice::testing::tcp_segment;

constexpr std::size_t kIp = wire::EthernetHeader::kSize;

class ReceiverTest : public NetworkTest {
 protected:
  // Expects one drop for one reason, and nothing handed up or sent.
  void expect_dropped(const Frame& frame, const Counter Counters::*reason) {
    const std::uint64_t before = (counters().*reason).get();
    transport.datagrams.clear();
    receive(frame);
    EXPECT_EQ((counters().*reason).get(), before + 1);
    EXPECT_TRUE(transport.datagrams.empty());
    EXPECT_TRUE(link.take().empty());
  }

  void expect_delivered(const Frame& frame) {
    transport.datagrams.clear();
    receive(frame);
    EXPECT_EQ(transport.datagrams.size(), 1U);
  }
};

TEST_F(ReceiverTest, HandsUpTheSegmentWithItsAddresses) {
  for (const Journey& journey : {kFromPeer4, kFromPeer6}) {
    transport.datagrams.clear();
    Frame frame = tcp_frame(journey);
    frame[kIp + 1] = journey.source.is_v4() ? 0x02 : 0x20;  // ECT(0)
    if (journey.source.is_v4()) mend_ipv4_checksum(frame, kIp);
    receive(frame);
    ASSERT_EQ(transport.datagrams.size(), 1U);
    const ReceivedDatagram& datagram = transport.datagrams[0];
    EXPECT_EQ(datagram.source, journey.source);
    EXPECT_EQ(datagram.destination, journey.destination);
    EXPECT_EQ(datagram.bytes.size(), 25U);
    EXPECT_EQ(datagram.traffic_class, 0x02);
    EXPECT_FALSE(datagram.checksum_verified);
  }
}

TEST_F(ReceiverTest, OneBurstIsOneCall) {
  std::vector<Packet> frames(64);
  for (Packet& frame : frames) frame = packet_of(*pool, tcp_frame());
  network->receive(kWan, frames);
  EXPECT_EQ(transport.datagrams.size(), 64U);
  EXPECT_EQ(transport.bursts, 1);
  receive(Frame(60));
  EXPECT_EQ(transport.bursts, 1) << "nothing to hand up";
}

TEST_F(ReceiverTest, ALargerBurstIsHandedUpInParts) {
  std::vector<Packet> frames(150);
  for (Packet& frame : frames) frame = packet_of(*pool, tcp_frame());
  network->receive(kWan, frames);
  EXPECT_EQ(transport.datagrams.size(), 150U);
  EXPECT_EQ(transport.bursts, 3);
}

TEST_F(ReceiverTest, RemovesEthernetPadding) {
  for (const Journey& journey : {kFromPeer4, kFromPeer6}) {
    Frame frame = tcp_frame(journey, "");
    frame.resize(frame.size() + 20);
    transport.datagrams.clear();
    receive(frame);
    ASSERT_EQ(transport.datagrams.size(), 1U);
    EXPECT_EQ(transport.datagrams[0].bytes.size(), 20U);
  }
}

TEST_F(ReceiverTest, RemovesPaddingThatFillsBuffersOfItsOwn) {
  Frame frame = tcp_frame(kFromPeer4, std::string(300, 'x'));
  frame.resize(frame.size() + 100);
  const std::array<std::size_t, 3> sizes{200, 154, 50};
  receive(chain_of(*pool, frame, sizes));
  ASSERT_EQ(transport.datagrams.size(), 1U);
  EXPECT_EQ(transport.datagrams[0].bytes.size(), 320U);
}

TEST_F(ReceiverTest, BringsHeadersTogetherInTheFirstBuffer) {
  const Frame frame = tcp_frame(kFromPeer6, std::string(500, 'x'));
  const std::array<std::array<std::size_t, 4>, 3> splits{
      {{1, 2, 3, 5}, {13, 1, 41, 19}, {20, 0, 0, 300}}};
  for (const auto& sizes : splits) {
    transport.datagrams.clear();
    receive(chain_of(*pool, frame, sizes));
    ASSERT_EQ(transport.datagrams.size(), 1U);
    EXPECT_EQ(transport.datagrams[0].bytes, Frame(frame.begin() + 54, frame.end()));
    EXPECT_GE(transport.datagrams[0].first_buffer, 60U);
  }
}

TEST_F(ReceiverTest, DropsHeadersItCannotBringTogether) {
  const Frame frame = tcp_frame(kFromPeer4, std::string(500, 'x'));
  const std::array<std::size_t, 1> sizes{30};
  Packet packet = chain_of(*pool, frame, sizes);
  Packet reference = pool->share(*packet.get(), 0, 1);
  receive(std::move(packet));
  EXPECT_EQ(counters().transport_split_header.get(), 1U);
}

TEST_F(ReceiverTest, DropsShortFrames) {
  expect_dropped(Frame(13), &Counters::frame_short);
  expect_dropped(Frame(1), &Counters::frame_short);
}

TEST_F(ReceiverTest, DropsFramesForOthers) {
  expect_dropped(tcp_frame(kFromPeer4, "x", {kPeerMac, kOtherMac}), &Counters::frame_foreign);
  expect_dropped(tcp_frame(kFromPeer4, "x", {kPeerMac, kFarm1Mac}), &Counters::frame_foreign);
  expect_dropped(tcp_frame(kFromPeer4, "x", {mac("03:00:00:00:00:01"), kWanMac}),
                 &Counters::frame_foreign);
}

TEST_F(ReceiverTest, DropsFramesFromAPortOfNoInterface) {
  Packet packet = packet_of(*pool, tcp_frame());
  network->receive(port::PortId(7), {&packet, 1});
  EXPECT_EQ(counters().frame_foreign.get(), 1U);
}

TEST_F(ReceiverTest, DropsTaggedFrames) {
  expect_dropped(ethernet_frame(kPeerToUs, wire::kEtherVlan, Frame(50)), &Counters::frame_tagged);
  expect_dropped(ethernet_frame(kPeerToUs, wire::kEtherServiceVlan, Frame(50)),
                 &Counters::frame_tagged);
  Packet stripped = packet_of(*pool, tcp_frame());
  stripped.get()->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
  receive(std::move(stripped));
  EXPECT_EQ(counters().frame_tagged.get(), 3U);
}

TEST_F(ReceiverTest, DropsUnknownTypesAndLengths) {
  expect_dropped(ethernet_frame(kPeerToUs, 0x88cc, Frame(50)), &Counters::frame_unknown_type);
  expect_dropped(ethernet_frame(kPeerToUs, 50, Frame(50)), &Counters::frame_unknown_type);
}

TEST_F(ReceiverTest, DropsMalformedHeaders) {
  Frame frame = tcp_frame();
  wire::store_be16(&frame[kIp + 2], 100);
  expect_dropped(frame, &Counters::ip_malformed);
  expect_dropped(ethernet_frame(kPeerToUs, wire::kEtherIpv4, Frame(19, 0x45)),
                 &Counters::ip_malformed);
  expect_dropped(ethernet_frame(kPeerToUs, wire::kEtherIpv6, Frame(39, 0x60)),
                 &Counters::ip_malformed);
}

TEST_F(ReceiverTest, VerifiesTheHeaderChecksumUnlessThePortDid) {
  Frame frame = tcp_frame();
  frame[kIp + 10] ^= 0x55;
  expect_dropped(frame, &Counters::ip_bad_checksum);
  Packet good = packet_of(*pool, frame);
  good.get()->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD;
  receive(std::move(good));
  EXPECT_EQ(transport.datagrams.size(), 1U);
  Packet bad = packet_of(*pool, tcp_frame());
  bad.get()->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_BAD;
  receive(std::move(bad));
  EXPECT_EQ(transport.datagrams.size(), 1U);
  EXPECT_EQ(counters().ip_bad_checksum.get(), 2U);
}

TEST_F(ReceiverTest, PassesOnWhatThePortSaysOfTheTransportChecksum) {
  for (const std::uint64_t flag : {RTE_MBUF_F_RX_L4_CKSUM_GOOD, RTE_MBUF_F_RX_L4_CKSUM_NONE}) {
    transport.datagrams.clear();
    Packet packet = packet_of(*pool, tcp_frame());
    packet.get()->ol_flags |= flag;
    receive(std::move(packet));
    ASSERT_EQ(transport.datagrams.size(), 1U);
    EXPECT_TRUE(transport.datagrams[0].checksum_verified);
  }
  Packet bad = packet_of(*pool, tcp_frame());
  bad.get()->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_BAD;
  receive(std::move(bad));
  EXPECT_EQ(transport.datagrams.size(), 1U);
  EXPECT_EQ(counters().transport_bad_checksum.get(), 1U);
}

TEST_F(ReceiverTest, DropsSourcesThatNoHostCanHave) {
  for (const char* source :
       {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "198.18.0.255", "198.18.0.0", "198.18.0.1", "198.19.0.1"}) {
    expect_dropped(tcp_frame({ip(source), kOwn4}), &Counters::ip_bad_source);
  }
  for (const char* source : {"::", "::1", "ff02::1", "2001:db8::1"}) {
    expect_dropped(tcp_frame({ip(source), kOwn6}), &Counters::ip_bad_source);
  }
}

TEST_F(ReceiverTest, DropsIpv4MappedAddressesInIpv6) {
  Frame frame = tcp_frame(kFromPeer6);
  std::memcpy(&frame[kIp + 8], kPeer4.bytes().data(), 16);
  expect_dropped(frame, &Counters::ip_bad_source);
  frame = tcp_frame(kFromPeer6);
  std::memcpy(&frame[kIp + 24], kOwn4.bytes().data(), 16);
  expect_dropped(frame, &Counters::ip_not_ours);
}

TEST_F(ReceiverTest, DropsForeignDestinations) {
  expect_dropped(tcp_frame({kPeer4, ip("198.18.0.2")}), &Counters::ip_not_ours);
  expect_dropped(tcp_frame({kPeer6, ip("2001:db8::2")}), &Counters::ip_not_ours);
}

TEST_F(ReceiverTest, TakesOwnAddressesOfOtherInterfaces) {
  expect_delivered(tcp_frame({kPeer4, kFarmOwn}));
}

TEST_F(ReceiverTest, TakesALinkLocalAddressOnItsOwnLinkOnly) {
  const wire::IpAddress own = wire::link_local_address(kWanMac);
  expect_delivered(tcp_frame({ip("fe80::9"), own}));
  EXPECT_TRUE(network->owns(own));
  Frame frame = tcp_frame({ip("fe80::9"), own}, "x", {kPeerMac, kFarm1Mac});
  transport.datagrams.clear();
  receive(frame, kFarm1);
  EXPECT_TRUE(transport.datagrams.empty());
}

TEST_F(ReceiverTest, DropsTcpToGroups) {
  expect_dropped(tcp_frame({kPeer4, ip("198.18.0.255")}), &Counters::ip_group);
  expect_dropped(tcp_frame({kPeer4, ip("255.255.255.255")}), &Counters::ip_group);
  expect_dropped(tcp_frame({kPeer4, ip("224.0.0.1")}), &Counters::ip_group);
  expect_dropped(tcp_frame({kPeer6, ip("ff02::1")}), &Counters::ip_group);
  expect_dropped(tcp_frame(kFromPeer4, "x", {kPeerMac, wire::kBroadcastMac}), &Counters::ip_group);
}

TEST_F(ReceiverTest, DropsFragments) {
  Frame frame = tcp_frame();
  wire::store_be16(&frame[kIp + 6], 0x2000);
  mend_ipv4_checksum(frame, kIp);
  expect_dropped(frame, &Counters::ip_fragment);
  Frame payload = tcp_segment(kFromPeer6, {50000, 443, 1, 0, wire::kAck, 1000});
  payload.insert(payload.begin(), {wire::kProtocolTcp, 0, 0, 1, 0, 0, 0, 1});
  expect_dropped(ip_frame(kPeerToUs, ip_packet(kFromPeer6, wire::kProtocolFragment, payload)),
                 &Counters::ip_fragment);
}

TEST_F(ReceiverTest, TakesIpv4OptionsButNoSourceRoutes) {
  Frame frame = tcp_frame();
  frame.insert(frame.begin() + kIp + 20, {1, 1, 1, 0});
  frame[kIp] = 0x46;
  wire::store_be16(&frame[kIp + 2], static_cast<std::uint16_t>(frame.size() - kIp));
  mend_ipv4_checksum(frame, kIp);
  expect_delivered(frame);
  EXPECT_EQ(transport.datagrams[0].bytes.size(), 25U);
  frame[kIp + 20] = 131;
  frame[kIp + 21] = 3;
  mend_ipv4_checksum(frame, kIp);
  expect_dropped(frame, &Counters::ip_source_route);
}

TEST_F(ReceiverTest, TakesAnyTimeToLive) {
  for (const std::uint8_t ttl : Frame{0, 1, 255}) {
    Frame frame = tcp_frame();
    frame[kIp + 8] = ttl;
    mend_ipv4_checksum(frame, kIp);
    expect_delivered(frame);
  }
}

TEST_F(ReceiverTest, TakesTcpBehindExtensionHeaders) {
  Frame payload = tcp_segment(kFromPeer6, {50000, 443, 1, 0, wire::kAck, 1000}, "hello");
  payload.insert(payload.begin(), {wire::kProtocolTcp, 0, 1, 4, 0, 0, 0, 0});
  expect_delivered(ip_frame(kPeerToUs, ip_packet(kFromPeer6, wire::kProtocolHopByHop, payload)));
  EXPECT_EQ(transport.datagrams[0].bytes.size(), 25U);
}

TEST_F(ReceiverTest, DropsWithoutATransport) {
  network = std::make_unique<Network>(two_interfaces(), clock, wheel, *pool, link, HashKey{}, true);
  receive(tcp_frame());
  EXPECT_TRUE(transport.datagrams.empty());
}

}  // namespace
}  // namespace sluice::ip::test
