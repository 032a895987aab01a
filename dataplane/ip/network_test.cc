#include "dataplane/ip/network.h"

#include <gtest/gtest.h>

#include <array>

#include "dataplane/ip/network_fixture.h"
#include "dataplane/wire/ipv4.h"
#include "dataplane/wire/ipv6.h"

namespace sluice::ip::test {
namespace {

using sluice::testing::chain_of;
using sluice::testing::packet_of;
using sluice::testing::tcp_segment;

TEST_F(NetworkTest, WritesTheHeadersOfASegment) {
  learn_peer();
  send(kOwn4, kPeer4);
  const SentFrame frame = link.take().back();
  EXPECT_EQ(frame.port, kWan);
  EXPECT_EQ(frame.ethernet().destination(), kPeerMac);
  EXPECT_EQ(frame.ethernet().source(), kWanMac);
  const Frame packet = frame.packet();
  const auto header = wire::Ipv4Header::parse(packet);
  ASSERT_TRUE(header);
  EXPECT_TRUE(header->checksum_verifies());
  EXPECT_EQ(header->total_length(), 45);
  EXPECT_EQ(header->source(), kOwn4);
  EXPECT_EQ(header->destination(), kPeer4);
  EXPECT_EQ(header->protocol(), wire::kProtocolTcp);
  EXPECT_EQ(header->ttl(), 64);
  EXPECT_EQ(wire::load_be16(&packet[6]), 0x4000) << "don't fragment";
  EXPECT_EQ(frame.offload_flags, 0U);
}

TEST_F(NetworkTest, WritesTheHeadersOfAnIpv6Segment) {
  const Journey asking{kPeer6, kOwn6};
  receive(sluice::testing::ip_frame(
      kPeerToUs, sluice::testing::ip_packet(
                     asking, wire::kProtocolIcmpv6,
                     sluice::testing::solicitation_message(asking, {kOwn6, kPeerMac}), 255)));
  send(kOwn6, kPeer6);
  const Frame packet = link.take().back().packet();
  const auto header = wire::Ipv6Header::parse(packet);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->total_length(), 65U);
  EXPECT_EQ(header->source(), kOwn6);
  EXPECT_EQ(header->destination(), kPeer6);
  EXPECT_EQ(header->next_header(), wire::kProtocolTcp);
  EXPECT_EQ(header->hop_limit(), 64);
}

// RFC 3168 section 5.
TEST_F(NetworkTest, WritesTheEcnFieldThatTcpAskedFor) {
  learn_peer();
  const Journey asking{kPeer6, kOwn6};
  receive(sluice::testing::ip_frame(
      kPeerToUs, sluice::testing::ip_packet(
                     asking, wire::kProtocolIcmpv6,
                     sluice::testing::solicitation_message(asking, {kOwn6, kPeerMac}), 255)));
  for (const wire::Ecn ecn : {wire::Ecn::kNotCapable, wire::Ecn::kCapable0}) {
    for (const auto& [own, peer] : {std::pair{kOwn4, kPeer4}, std::pair{kOwn6, kPeer6}}) {
      NextHop next_hop;
      send(own, peer, next_hop, "hello", ecn);
      const Frame packet = link.take().back().packet();
      EXPECT_EQ(wire::ecn_of_packet(packet), ecn);
      if (own.is_v4()) {
        EXPECT_TRUE(wire::Ipv4Header::parse(packet)->checksum_verifies());
      }
    }
  }
}

TEST_F(NetworkTest, DescribesTheOffloadsThatTcpAskedFor) {
  auto configs = two_interfaces();
  configs[0].ports[0].offloads = {
      .transmit_checksum = true, .segmentation = true, .multi_segment = true};
  make(configs);
  learn_peer();
  EXPECT_TRUE(network->path_to(kPeer4)->offloads.segmentation);
  NextHop next_hop;
  const Frame segment =
      tcp_segment({kOwn4, kPeer4}, {443, 50000, 1, 0, wire::kAck, 0}, std::string(5000, 'x'));
  const std::array<std::size_t, 3> sizes{20, 2000, 2000};
  Packet large = chain_of(*pool, segment, sizes);
  large.get()->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_TCP_SEG;
  large.get()->l4_len = 20;
  large.get()->tso_segsz = 1460;
  network->send_tcp(std::move(large), kOwn4, kPeer4, next_hop, wire::Ecn::kNotCapable);
  SentFrame frame = link.take().back();
  EXPECT_EQ(frame.bytes.size(), 14U + 20 + segment.size());
  EXPECT_EQ(frame.offload_flags, RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_TCP_SEG |
                                     RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM);
  EXPECT_EQ(frame.l2_length, 14U);
  EXPECT_EQ(frame.l3_length, 20U);
  EXPECT_EQ(wire::load_be16(&frame.bytes[14 + 10]), 0) << "the port writes it";

  Packet small = packet_of(*pool, Frame(segment.begin(), segment.begin() + 100));
  small.get()->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
  network->send_tcp(std::move(small), kOwn4, kPeer4, next_hop, wire::Ecn::kNotCapable);
  frame = link.take().back();
  EXPECT_EQ(frame.offload_flags, RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_IPV4);
  EXPECT_TRUE(wire::Ipv4Header::parse(frame.packet())->checksum_verifies());
}

TEST_F(NetworkTest, MakesOneBufferForAPortThatTakesNoChains) {
  learn_peer();
  const Frame segment =
      tcp_segment({kOwn4, kPeer4}, {443, 50000, 1, 0, wire::kAck, 0}, std::string(1000, 'x'));
  const std::array<std::size_t, 2> sizes{20, 300};
  NextHop next_hop;
  network->send_tcp(chain_of(*pool, segment, sizes), kOwn4, kPeer4, next_hop,
                    wire::Ecn::kNotCapable);
  const Frame packet = link.take().back().packet();
  EXPECT_EQ(Frame(packet.begin() + 20, packet.end()), segment);
}

TEST_F(NetworkTest, RemembersTheNeighbourInTheNote) {
  learn_peer();
  NextHop next_hop;
  send(kOwn4, kPeer4, next_hop);
  const NextHop first = next_hop;
  EXPECT_NE(first.generation, 0U);
  send(kOwn4, kPeer4, next_hop);
  EXPECT_EQ(first.generation, next_hop.generation);
  link.take();
  network->port_went_down(kWan);
  send(kOwn4, kPeer4, next_hop);
  EXPECT_NE(first.generation, next_hop.generation);
  EXPECT_EQ(link.take().at(0).ethernet().type(), wire::kEtherArp) << "asks anew";
}

TEST_F(NetworkTest, DropsSegmentsLargerThanTheMtu) {
  learn_peer();
  NextHop next_hop;
  send(kOwn4, kPeer4, next_hop, std::string(1460, 'x'));
  EXPECT_EQ(link.take().back().bytes.size(), 1514U);
  send(kOwn4, kPeer4, next_hop, std::string(1461, 'x'));
  EXPECT_TRUE(link.take().empty());
  EXPECT_EQ(counters().send_too_big.get(), 1U);
}

TEST_F(NetworkTest, DropsSegmentsToItself) {
  send(kOwn4, kOwn4);
  send(kOwn4, kFarmOwn);
  send(kOwn6, kOwn6);
  EXPECT_EQ(counters().send_to_self.get(), 3U);
  EXPECT_TRUE(link.take().empty());
}

TEST_F(NetworkTest, DropsSegmentsWithoutARouteOrToNoHost) {
  auto configs = two_interfaces();
  configs[0].routes.clear();
  make(configs);
  for (const char* destination :
       {"198.18.7.7", "255.255.255.255", "198.18.0.255", "224.0.0.1", "127.0.0.1", "0.0.0.0"}) {
    send(kOwn4, ip(destination));
    EXPECT_FALSE(network->path_to(ip(destination))) << destination;
  }
  EXPECT_EQ(counters().send_no_route.get(), 6U);
  EXPECT_TRUE(link.take().empty());
}

TEST_F(NetworkTest, TheWayIsPreparedWhenTheNextHopHasAnswered) {
  EXPECT_FALSE(network->prepare_way(kPeer4));
  EXPECT_EQ(link.take().size(), 1U) << "asks";
  EXPECT_FALSE(network->prepare_way(kPeer4));
  EXPECT_TRUE(link.take().empty()) << "once";
  learn_peer();
  EXPECT_TRUE(network->prepare_way(kPeer4));
}

TEST_F(NetworkTest, ForAWayThatLeadsNowhereNobodyWaits) {
  EXPECT_TRUE(network->prepare_way(ip("127.0.0.1"))) << "no route";
  EXPECT_FALSE(network->prepare_way(kPeer4));
  advance(milliseconds(3500));
  EXPECT_TRUE(network->prepare_way(kPeer4)) << "no answer";
}

TEST_F(NetworkTest, TellsThePathToADestination) {
  const auto direct = network->path_to(kGuest);
  ASSERT_TRUE(direct);
  EXPECT_EQ(direct->source, kFarmOwn);
  EXPECT_EQ(direct->mtu, 1400);
  EXPECT_EQ(network->path_to(ip("198.18.200.1"))->source, kOwn4);
  EXPECT_EQ(network->path_to(ip("2001:db8:1::1"))->source, kOwn6)
      << "not the link-local address, though the gateway has one";
  EXPECT_EQ(network->path_to(ip("fe80::77"))->source, wire::link_local_address(kWanMac));
  EXPECT_FALSE(network->path_to(kOwn4));
  EXPECT_FALSE(network->path_to(ip("ff02::1")));
}

TEST_F(NetworkTest, SendsThroughTheGateway) {
  learn_peer(kGateway4, kOtherMac);
  send(kOwn4, ip("198.18.200.1"));
  EXPECT_EQ(link.take().back().ethernet().destination(), kOtherMac);
}

TEST_F(NetworkTest, ReportsAnUnresolvedNeighbourOutsideOfTheSend) {
  NextHop next_hop;
  send(kOwn4, kPeer4, next_hop);
  advance(milliseconds(2200));
  ASSERT_EQ(transport.failures.size(), 1U);
  const DeliveryFailure& failure = transport.failures[0];
  EXPECT_EQ(failure.problem, DeliveryProblem::kNeighbourUnresolved);
  EXPECT_EQ(failure.local, kOwn4);
  EXPECT_EQ(failure.remote, kPeer4);
  EXPECT_EQ(failure.local_port, 443);
  EXPECT_EQ(failure.remote_port, 50000);
  EXPECT_EQ(failure.sequence, 0x0a0b0c0dU);
  send(kOwn4, kPeer4, next_hop);
  EXPECT_EQ(transport.failures.size(), 1U) << "not from inside the send";
  advance(milliseconds(20));
  EXPECT_EQ(transport.failures.size(), 2U);
}

TEST_F(NetworkTest, BoundsTheReportsOfOneTick) {
  NextHop next_hop;
  send(kOwn4, kPeer4, next_hop);
  advance(milliseconds(2200));
  transport.failures.clear();
  for (std::size_t i = 0; i < DeliveryReports::kMost + 100; ++i) send(kOwn4, kPeer4, next_hop);
  advance(milliseconds(20));
  EXPECT_EQ(transport.failures.size(), DeliveryReports::kMost);
}

TEST_F(NetworkTest, KnowsWhichPathsAreNarrow) {
  for (const auto& peer : {kPeer4, kPeer6}) {
    EXPECT_EQ(network->path_to(peer)->path_mtu, 1500);
    network->note_path_mtu(peer, 1300);
    EXPECT_EQ(network->path_to(peer)->path_mtu, 1300);
    EXPECT_EQ(network->path_to(peer)->mtu, 1500);
  }
}

TEST_F(NetworkTest, OwnsItsUnicastAddressesAlone) {
  EXPECT_TRUE(network->owns(kOwn4));
  EXPECT_TRUE(network->owns(kOwn6));
  EXPECT_TRUE(network->owns(kFarmOwn));
  EXPECT_FALSE(network->owns(kPeer4));
  EXPECT_FALSE(network->owns(ip("198.18.0.255")));
  EXPECT_FALSE(network->owns(ip("ff02::1")));
}

TEST_F(NetworkTest, RepliesToLinkLocalPeersOnTheirLink) {
  const wire::IpAddress own = wire::link_local_address(kWanMac);
  const wire::IpAddress peer = ip("fe80::9");
  send(own, peer);
  const auto sent = link.take();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].port, kWan);
}

TEST_F(NetworkTest, EveryCounterHasAName) {
  std::vector<std::string_view> names;
  for (const CounterField& field : kCounterFields) {
    EXPECT_FALSE(field.help.empty());
    EXPECT_EQ(std::ranges::find(names, field.name), names.end()) << field.name;
    names.push_back(field.name);
  }
}

}  // namespace
}  // namespace sluice::ip::test
