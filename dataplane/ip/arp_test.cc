#include "dataplane/ip/arp.h"

#include <gtest/gtest.h>

#include "dataplane/ip/network_fixture.h"

namespace sluice::ip::test {
namespace {

wire::ArpPacket arp_in(const SentFrame& frame) {
  EXPECT_EQ(frame.ethernet().type(), wire::kEtherArp);
  const auto packet = wire::ArpPacket::parse(frame.packet());
  EXPECT_TRUE(packet);
  return packet.value_or(wire::ArpPacket{});
}

class ArpTest : public NetworkTest {
 protected:
  // Whether a segment to the peer leaves at once, to this MAC address.
  void expect_known(const wire::IpAddress& peer, const wire::MacAddress& mac) {
    link.take();
    send(kOwn4, peer);
    ASSERT_FALSE(link.sent.empty());
    EXPECT_EQ(link.sent.back().ethernet().destination(), mac);
    EXPECT_EQ(link.sent.back().ethernet().type(), wire::kEtherIpv4);
    link.take();
  }
  void expect_unknown(const wire::IpAddress& peer) {
    link.take();
    send(kOwn4, peer);
    ASSERT_EQ(link.sent.size(), 1U);
    EXPECT_EQ(link.sent[0].ethernet().type(), wire::kEtherArp);
    link.take();
  }
};

TEST_F(ArpTest, AnswersForOwnAddressesWithThePortsMac) {
  receive(arp({kPeerMac, wire::kBroadcastMac}, wire::kArpRequest, kPeer4, kOwn4));
  const auto sent = link.take();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].port, kWan);
  EXPECT_EQ(sent[0].ethernet().destination(), kPeerMac);
  EXPECT_EQ(sent[0].ethernet().source(), kWanMac);
  const wire::ArpPacket reply = arp_in(sent[0]);
  EXPECT_EQ(reply.operation, wire::kArpReply);
  EXPECT_EQ(reply.sender_mac, kWanMac);
  EXPECT_EQ(reply.sender_ip, kOwn4);
  EXPECT_EQ(reply.target_mac, kPeerMac);
  EXPECT_EQ(reply.target_ip, kPeer4);
}

TEST_F(ArpTest, AnswersOnThePortThatWasAsked) {
  receive(arp({kPeerMac, wire::kBroadcastMac}, wire::kArpRequest, kGuest, kFarmOwn), kFarm2);
  const auto sent = link.take();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].port, kFarm2);
  EXPECT_EQ(arp_in(sent[0]).sender_mac, kFarm2Mac);
}

TEST_F(ArpTest, AnswersForNobodyElse) {
  receive(arp({kPeerMac, wire::kBroadcastMac}, wire::kArpRequest, kPeer4, ip("198.18.0.7")));
  receive(arp({kPeerMac, wire::kBroadcastMac}, wire::kArpRequest, kPeer4, kFarmOwn));
  EXPECT_TRUE(link.take().empty());
}

TEST_F(ArpTest, AnswersAProbeAndLearnsNothingFromIt) {
  receive(arp({kPeerMac, wire::kBroadcastMac}, wire::kArpRequest, ip("0.0.0.0"), kOwn4));
  EXPECT_EQ(link.take().size(), 1U);
  EXPECT_EQ(counters().neighbours.get(), 0U);
}

TEST_F(ArpTest, OnlyTheChosenWorkerAnswersButAllLearn) {
  make(two_interfaces(), false);
  receive(arp({kPeerMac, wire::kBroadcastMac}, wire::kArpRequest, kPeer4, kOwn4));
  EXPECT_TRUE(link.take().empty());
  expect_known(kPeer4, kPeerMac);
  network->announce();
  EXPECT_TRUE(link.take().empty());
}

TEST_F(ArpTest, LearnsFromRequestsToUsAlone) {
  receive(arp({kPeerMac, wire::kBroadcastMac}, wire::kArpRequest, kPeer4, ip("198.18.0.7")));
  expect_unknown(kPeer4);
  receive(arp({kOtherMac, kWanMac}, wire::kArpRequest, ip("198.18.0.10"), kOwn4));
  expect_known(ip("198.18.0.10"), kOtherMac);
}

TEST_F(ArpTest, UpdatesWhatItKnowsFromAnyPacket) {
  learn_peer();
  receive(arp({kOtherMac, wire::kBroadcastMac}, wire::kArpRequest, kPeer4, kPeer4));  // gratuitous
  expect_known(kPeer4, kOtherMac);
}

TEST_F(ArpTest, ResolvesOnTheFirstSegmentAndSendsItWhenAnswered) {
  NextHop next_hop;
  send(kOwn4, kPeer4, next_hop);
  auto sent = link.take();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].ethernet().destination(), wire::kBroadcastMac);
  const wire::ArpPacket request = arp_in(sent[0]);
  EXPECT_EQ(request.operation, wire::kArpRequest);
  EXPECT_EQ(request.sender_ip, kOwn4);
  EXPECT_EQ(request.target_ip, kPeer4);
  receive(arp(kPeerToUs, wire::kArpReply, kPeer4, kOwn4));
  sent = link.take();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].ethernet().destination(), kPeerMac);
  EXPECT_EQ(sent[0].packet().size(), 45U);
  send(kOwn4, kPeer4, next_hop);
  EXPECT_EQ(link.take().size(), 1U);
}

TEST_F(ArpTest, AsksOnAllPortsAndSendsWhereTheAnswerCame) {
  send(kFarmOwn, kGuest);
  auto sent = link.take();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].port, kFarm1);
  EXPECT_EQ(arp_in(sent[0]).sender_mac, kFarm1Mac);
  EXPECT_EQ(sent[1].port, kFarm2);
  EXPECT_EQ(arp_in(sent[1]).sender_mac, kFarm2Mac);
  receive(arp({kPeerMac, kFarm2Mac}, wire::kArpReply, kGuest, kFarmOwn), kFarm2);
  sent = link.take();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].port, kFarm2);
  EXPECT_EQ(sent[0].ethernet().source(), kFarm2Mac);
}

TEST_F(ArpTest, LearnsNothingFromStrangersOrGroups) {
  receive(arp(kPeerToUs, wire::kArpRequest, ip("198.19.7.7"), kOwn4));  // not on this link
  receive(arp(kPeerToUs, wire::kArpRequest, ip("224.0.0.5"), kOwn4));
  EXPECT_EQ(counters().neighbours.get(), 0U);
}

TEST_F(ArpTest, DropsMalformedPackets) {
  Frame frame = arp(kPeerToUs, wire::kArpRequest, kPeer4, kOwn4);
  frame[14 + 4] = 8;
  receive(frame);
  receive(sluice::testing::arp_frame(kPeerToUs,
                                     {wire::kArpRequest, wire::kBroadcastMac, kPeer4, {}, kOwn4}));
  receive(sluice::testing::arp_frame(kPeerToUs, {wire::kArpRequest, {}, kPeer4, {}, kOwn4}));
  EXPECT_EQ(counters().arp_malformed.get(), 3U);
  EXPECT_TRUE(link.take().empty());
}

TEST_F(ArpTest, NoticesAnotherHostWithOurAddress) {
  receive(arp({kPeerMac, wire::kBroadcastMac}, wire::kArpRequest, kOwn4, kOwn4));
  EXPECT_EQ(counters().address_conflict.get(), 1U);
  EXPECT_TRUE(link.take().empty());
  // Its own announcement, back from the other port of the same segment, is none.
  receive(arp({kFarm1Mac, wire::kBroadcastMac}, wire::kArpRequest, kFarmOwn, kFarmOwn), kFarm2);
  EXPECT_EQ(counters().address_conflict.get(), 1U);
}

TEST_F(ArpTest, AnnouncesOwnAddressesOnEveryPort) {
  network->announce();
  std::vector<std::pair<port::PortId, wire::IpAddress>> announced;
  for (const SentFrame& frame : link.take()) {
    if (frame.ethernet().type() != wire::kEtherArp) continue;
    EXPECT_EQ(frame.ethernet().destination(), wire::kBroadcastMac);
    const wire::ArpPacket packet = arp_in(frame);
    EXPECT_EQ(packet.sender_mac, frame.ethernet().source());
    EXPECT_EQ(packet.sender_ip, packet.target_ip);
    announced.emplace_back(frame.port, packet.sender_ip);
  }
  EXPECT_EQ(announced, (std::vector<std::pair<port::PortId, wire::IpAddress>>{
                           {kWan, kOwn4}, {kFarm1, kFarmOwn}, {kFarm2, kFarmOwn}}));
}

}  // namespace
}  // namespace sluice::ip::test
