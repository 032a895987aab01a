#include "dataplane/wire/ipv6.h"

#include <gtest/gtest.h>

#include <random>

#include "dataplane/testing/frames.h"
#include "dataplane/wire/ip_protocol.h"

namespace sluice::wire {
namespace {

using Outcome = Ipv6Payload::Outcome;
using testing::Frame;
using testing::ip;
using testing::ip_packet;

// A packet with these bytes behind the fixed header.
Frame packet_with(std::uint8_t next_header, const Frame& rest) {
  return ip_packet({ip("2001:db8::1"), ip("2001:db8::2")}, next_header, rest);
}

Ipv6Payload find(const Frame& packet) {
  return Ipv6Payload::find(*Ipv6Header::parse(packet), packet);
}

TEST(Ipv6Header, ReadsWhatWasWritten) {
  Frame bytes(45);
  write_ipv6_header(bytes.data(), {5, kProtocolTcp, 64, 0xb8, ip("2001:db8::1"), ip("fe80::2")});
  const auto header = Ipv6Header::parse(bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->total_length(), 45U);
  EXPECT_EQ(header->traffic_class(), 0xb8);
  EXPECT_EQ(header->next_header(), kProtocolTcp);
  EXPECT_EQ(header->hop_limit(), 64);
  EXPECT_EQ(header->source(), ip("2001:db8::1"));
  EXPECT_EQ(header->destination(), ip("fe80::2"));
}

TEST(Ipv6Header, RefusesWhatIsShorterThanItSays) {
  const Frame packet = packet_with(kProtocolTcp, Frame(5));
  EXPECT_FALSE(Ipv6Header::parse(Bytes(packet).first(44)));
  EXPECT_FALSE(Ipv6Header::parse(Bytes(packet).first(39)));
  EXPECT_TRUE(Ipv6Header::parse_quoted(Bytes(packet).first(40)));
  Frame other = packet;
  other[0] = 0x45;
  EXPECT_FALSE(Ipv6Header::parse(other));
}

TEST(Ipv6Payload, IsRightBehindTheHeaderMostly) {
  const Ipv6Payload found = find(packet_with(kProtocolTcp, Frame(20)));
  EXPECT_EQ(found.outcome, Outcome::kFound);
  EXPECT_EQ(found.protocol, kProtocolTcp);
  EXPECT_EQ(found.offset, 40U);
  EXPECT_EQ(found.next_header_field, 6U);
}

TEST(Ipv6Payload, LiesBehindOptionsAndFinishedRoutes) {
  const Frame hop_by_hop{60, 0, 5, 2, 0, 0, 1, 0};                              // router alert
  const Frame destination{43, 1, 1, 4, 9, 9, 9, 9, 0x1e, 6, 0, 0, 0, 0, 0, 0};  // unknown: skip it
  const Frame routing{44, 0, 0, 0, 0, 0, 0, 0};  // without segments left
  const Frame fragment{6, 0, 0, 0, 0, 0, 0, 7};  // the whole packet
  Frame rest;
  for (const Frame& header : {hop_by_hop, destination, routing, fragment, Frame{0, 1, 2}}) {
    rest.insert(rest.end(), header.begin(), header.end());
  }
  const Ipv6Payload found = find(packet_with(kProtocolHopByHop, rest));
  EXPECT_EQ(found.outcome, Outcome::kFound);
  EXPECT_EQ(found.protocol, kProtocolTcp);
  EXPECT_EQ(found.offset, 80U);
  EXPECT_EQ(found.next_header_field, 72U);
}

TEST(Ipv6Payload, RefusesRoutesWithSegmentsLeft) {
  const Ipv6Payload found = find(packet_with(kProtocolRouting, {6, 0, 0, 1, 0, 0, 0, 0}));
  EXPECT_EQ(found.outcome, Outcome::kBadField);
  EXPECT_EQ(found.offset, 42U);
}

TEST(Ipv6Payload, StopsAtFragments) {
  EXPECT_EQ(find(packet_with(kProtocolFragment, {6, 0, 0, 1, 0, 0, 0, 0})).outcome,
            Outcome::kFragment);
  EXPECT_EQ(find(packet_with(kProtocolFragment, {6, 0, 0, 8, 0, 0, 0, 0})).outcome,
            Outcome::kFragment);
}

TEST(Ipv6Payload, DoesWithUnknownOptionsWhatTheirTypeSays) {
  const std::vector<std::pair<std::uint8_t, Outcome>> cases{
      {0x3e, Outcome::kFound},
      {0x7e, Outcome::kDiscard},
      {0xbe, Outcome::kUnknownOption},
      {0xfe, Outcome::kUnknownOptionUnicastOnly}};
  for (const auto& [type, outcome] : cases) {
    const Ipv6Payload found =
        find(packet_with(kProtocolDestinationOptions, {6, 0, 0, 0, type, 1, 0, 0}));
    EXPECT_EQ(found.outcome, outcome) << int{type};
    EXPECT_EQ(found.offset, outcome == Outcome::kFound ? 48U : 44U);
  }
}

TEST(Ipv6Payload, RefusesHopByHopOptionsElsewhereThanFirst) {
  const Ipv6Payload found = find(
      packet_with(kProtocolDestinationOptions, {0, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0}));
  EXPECT_EQ(found.outcome, Outcome::kUnknownNextHeader);
  EXPECT_EQ(found.offset, 40U);
}

TEST(Ipv6Payload, RefusesHeadersAndOptionsBeyondTheEnd) {
  EXPECT_EQ(find(packet_with(kProtocolHopByHop, {6, 0, 1, 4, 0, 0, 0})).outcome,
            Outcome::kTruncated);
  EXPECT_EQ(find(packet_with(kProtocolHopByHop, {6, 1, 1, 4, 0, 0, 0, 0})).outcome,
            Outcome::kTruncated);
  EXPECT_EQ(find(packet_with(kProtocolHopByHop, {6, 0, 1, 5, 0, 0, 0, 0})).outcome,
            Outcome::kTruncated);
  EXPECT_EQ(find(packet_with(kProtocolHopByHop, {6, 0, 0, 0, 0, 0, 0, 1})).outcome,
            Outcome::kTruncated);
  EXPECT_EQ(find(packet_with(kProtocolFragment, {6, 0, 0})).outcome, Outcome::kTruncated);
  EXPECT_EQ(find(packet_with(kProtocolRouting, {})).outcome, Outcome::kTruncated);
}

TEST(Ipv6Payload, BoundsTheNumberOfHeaders) {
  Frame rest;
  for (unsigned i = 0; i < Ipv6Payload::kMostHeaders; ++i) {
    const bool last = i + 1 == Ipv6Payload::kMostHeaders;
    const Frame header{static_cast<std::uint8_t>(last ? 6 : 60), 0, 1, 4, 0, 0, 0, 0};
    rest.insert(rest.end(), header.begin(), header.end());
  }
  EXPECT_EQ(find(packet_with(kProtocolDestinationOptions, rest)).outcome, Outcome::kFound);
  rest.insert(rest.begin(), {60, 0, 1, 4, 0, 0, 0, 0});
  EXPECT_EQ(find(packet_with(kProtocolDestinationOptions, rest)).outcome, Outcome::kTooManyHeaders);
}

TEST(Ipv6Payload, StaysWithinRandomPackets) {
  std::mt19937 random(6);
  const std::uint8_t kinds[] = {0, 6, 43, 44, 58, 60};
  for (int round = 0; round < 20000; ++round) {
    Frame rest(random() % 100);
    for (auto& byte : rest) byte = static_cast<std::uint8_t>(random() % 3 == 0 ? random() : 0);
    for (std::size_t i = 0; i < rest.size(); i += 8) rest[i] = kinds[random() % 6];
    const Frame packet = packet_with(kinds[random() % 6], rest);
    EXPECT_LE(find(packet).offset, packet.size());
  }
}

}  // namespace
}  // namespace sluice::wire
