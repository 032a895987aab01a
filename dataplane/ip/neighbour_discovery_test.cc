#include "dataplane/ip/neighbour_discovery.h"

#include <gtest/gtest.h>

#include "dataplane/ip/network_fixture.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/wire/ipv6.h"
#include "dataplane/wire/ndp.h"

namespace sluice::ip::test {
namespace {

using sluice::testing::advertisement_message;
using sluice::testing::ip_frame;
using sluice::testing::ip_packet;
using sluice::testing::solicitation_message;

const wire::IpAddress kGroup = wire::solicited_node_address(kOwn6);
const Hop kPeerToGroup{kPeerMac, wire::multicast_mac(kGroup)};

struct SentMessage {
  wire::IpAddress source;
  wire::IpAddress destination;
  std::uint8_t hop_limit;
  Frame bytes;
};

SentMessage message_in(const SentFrame& frame) {
  const Frame packet = frame.packet();
  const auto header = wire::Ipv6Header::parse(packet);
  EXPECT_TRUE(header && header->next_header() == wire::kProtocolIcmpv6);
  SentMessage message{header->source(),
                      header->destination(),
                      header->hop_limit(),
                      {packet.begin() + 40, packet.end()}};
  wire::InternetSum sum =
      wire::pseudo_header_sum(message.source, message.destination, wire::kProtocolIcmpv6,
                              static_cast<std::uint32_t>(message.bytes.size()));
  sum.add(message.bytes);
  EXPECT_TRUE(sum.verifies());
  return message;
}

class NeighbourDiscoveryTest : public NetworkTest {
 protected:
  static Frame ndp_frame(const Journey& journey, const Frame& message, const Hop& hop = kPeerToUs,
                         std::uint8_t hop_limit = 255) {
    return ip_frame(hop, ip_packet(journey, wire::kProtocolIcmpv6, message, hop_limit));
  }
  void solicit(const Journey& journey, const Hop& hop, const wire::IpAddress& target = kOwn6) {
    receive(ndp_frame(journey, solicitation_message(journey, {target, hop.source}), hop));
  }
  void advertise(const wire::MacAddress& mac, bool solicited, bool override_cache,
                 const wire::IpAddress& target = kPeer6) {
    const Journey journey{target, solicited ? kOwn6 : wire::all_nodes_address()};
    const Hop hop{mac, solicited ? kWanMac : wire::multicast_mac(journey.destination)};
    receive(ndp_frame(
        journey, advertisement_message(journey, {target, mac, solicited, override_cache}), hop));
  }
  wire::MacAddress mac_used_for(const wire::IpAddress& peer) {
    link.take();
    send(kOwn6, peer);
    return link.take().back().ethernet().destination();
  }
};

TEST_F(NeighbourDiscoveryTest, AnswersForOwnAddresses) {
  solicit({kPeer6, kGroup}, kPeerToGroup);
  const auto sent = link.take();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].ethernet().destination(), kPeerMac);
  EXPECT_EQ(sent[0].ethernet().source(), kWanMac);
  const SentMessage message = message_in(sent[0]);
  EXPECT_EQ(message.source, kOwn6);
  EXPECT_EQ(message.destination, kPeer6);
  const auto advertisement =
      wire::NeighbourAdvertisement::parse(message.bytes, message.destination, message.hop_limit);
  ASSERT_TRUE(advertisement);
  EXPECT_EQ(advertisement->target, kOwn6);
  EXPECT_EQ(advertisement->target_mac, kWanMac);
  EXPECT_TRUE(advertisement->solicited);
  EXPECT_TRUE(advertisement->override_cache);
}

TEST_F(NeighbourDiscoveryTest, AnswersForItsLinkLocalAddress) {
  const wire::IpAddress own = wire::link_local_address(kWanMac);
  solicit({ip("fe80::9"), own}, kPeerToUs, own);
  const auto sent = link.take();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(message_in(sent[0]).source, own);
}

TEST_F(NeighbourDiscoveryTest, AnswersDuplicateDetectionToAllNodes) {
  const Journey journey{wire::IpAddress{}, kGroup};
  Frame message = solicitation_message(journey, {kOwn6, kPeerMac});
  message.resize(24);  // without the option
  wire::store_be16(&message[2], 0);
  wire::InternetSum sum =
      wire::pseudo_header_sum(journey.source, journey.destination, wire::kProtocolIcmpv6, 24);
  sum.add(message);
  wire::store_be16(&message[2], sum.checksum());
  receive(ndp_frame(journey, message, kPeerToGroup));
  const auto sent = link.take();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].ethernet().destination(), mac("33:33:00:00:00:01"));
  const SentMessage reply = message_in(sent[0]);
  EXPECT_EQ(reply.destination, wire::all_nodes_address());
  EXPECT_FALSE(wire::NeighbourAdvertisement::parse(reply.bytes, reply.destination, 255)->solicited);
  EXPECT_EQ(counters().neighbours.get(), 0U);
}

TEST_F(NeighbourDiscoveryTest, AnswersForNobodyElse) {
  solicit({kPeer6, kOwn6}, kPeerToUs, ip("2001:db8::7"));
  solicit({kPeer6, kOwn6}, kPeerToUs, kOwn4);
  EXPECT_TRUE(link.take().empty());
  EXPECT_EQ(counters().neighbours.get(), 0U);
}

TEST_F(NeighbourDiscoveryTest, OnlyTheChosenWorkerAnswersButAllLearn) {
  make(two_interfaces(), false);
  solicit({kPeer6, kGroup}, kPeerToGroup);
  EXPECT_TRUE(link.take().empty());
  EXPECT_EQ(mac_used_for(kPeer6), kPeerMac);
}

TEST_F(NeighbourDiscoveryTest, BelievesOnlyWhatComesFromTheLink) {
  const Journey asked{kPeer6, kOwn6};
  receive(ndp_frame(asked, solicitation_message(asked, {kOwn6, kPeerMac}), kPeerToUs, 254));
  receive(ndp_frame(asked, advertisement_message(asked, {kPeer6, kPeerMac, true, true}), kPeerToUs,
                    64));
  EXPECT_EQ(counters().ndp_invalid.get(), 2U);
  EXPECT_EQ(counters().neighbours.get(), 0U);
}

TEST_F(NeighbourDiscoveryTest, ResolvesThroughTheSolicitedNodeGroup) {
  send(kOwn6, kPeer6);
  auto sent = link.take();
  ASSERT_EQ(sent.size(), 1U);
  const wire::IpAddress group = wire::solicited_node_address(kPeer6);
  EXPECT_EQ(sent[0].ethernet().destination(), wire::multicast_mac(group));
  const SentMessage message = message_in(sent[0]);
  const auto solicitation = wire::NeighbourSolicitation::parse(
      message.bytes, message.source, message.destination, message.hop_limit);
  ASSERT_TRUE(solicitation);
  EXPECT_EQ(message.source, kOwn6);
  EXPECT_EQ(message.destination, group);
  EXPECT_EQ(solicitation->target, kPeer6);
  EXPECT_EQ(solicitation->source_mac, kWanMac);
  advertise(kPeerMac, true, true);
  sent = link.take();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].ethernet().type(), wire::kEtherIpv6);
  EXPECT_EQ(sent[0].ethernet().destination(), kPeerMac);
}

TEST_F(NeighbourDiscoveryTest, IgnoresAdvertisementsNobodyWaitsFor) {
  advertise(kPeerMac, false, true);
  EXPECT_EQ(counters().neighbours.get(), 0U);
}

TEST_F(NeighbourDiscoveryTest, ChangesAnAddressOnlyWithTheOverrideFlag) {
  send(kOwn6, kPeer6);
  advertise(kPeerMac, true, true);
  advertise(kOtherMac, true, false);
  EXPECT_EQ(mac_used_for(kPeer6), kPeerMac);
  advertise(kOtherMac, false, true);
  EXPECT_EQ(mac_used_for(kPeer6), kOtherMac);
}

TEST_F(NeighbourDiscoveryTest, NoticesAnotherHostWithOurAddress) {
  advertise(kPeerMac, false, true, ip("2001:db8::2"));
  EXPECT_EQ(counters().address_conflict.get(), 0U);
  const Journey journey{kPeer6, wire::all_nodes_address()};
  receive(ndp_frame(journey, advertisement_message(journey, {kOwn6, kPeerMac, false, true})));
  EXPECT_EQ(counters().address_conflict.get(), 1U);
}

TEST_F(NeighbourDiscoveryTest, AnnouncesOwnAddresses) {
  network->announce();
  std::vector<wire::IpAddress> announced;
  for (const SentFrame& frame : link.take()) {
    if (frame.ethernet().type() != wire::kEtherIpv6) continue;
    EXPECT_EQ(frame.ethernet().destination(), mac("33:33:00:00:00:01"));
    const SentMessage message = message_in(frame);
    const auto advertisement =
        wire::NeighbourAdvertisement::parse(message.bytes, message.destination, message.hop_limit);
    ASSERT_TRUE(advertisement);
    EXPECT_TRUE(advertisement->override_cache);
    announced.push_back(advertisement->target);
  }
  EXPECT_EQ(announced, (std::vector{kOwn6, wire::link_local_address(kWanMac)}));
}

}  // namespace
}  // namespace sluice::ip::test
