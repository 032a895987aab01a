#include "dataplane/wire/icmp.h"

#include <gtest/gtest.h>

#include "dataplane/testing/frames.h"
#include "dataplane/wire/ip_protocol.h"

namespace sluice::wire {
namespace {

using testing::Frame;
using testing::ip;
using testing::ip_packet;
using testing::Journey;
using testing::tcp_segment;

Frame segment_packet(const Journey& journey) {
  return ip_packet(journey, kProtocolTcp,
                   tcp_segment(journey, {443, 50000, 0x01020304, 0, kAck, 0}));
}

TEST(IcmpHeader, IsEightBytesAtLeast) {
  Frame bytes(9);
  write_icmp_header(bytes.data(), kIcmpUnreachable, kIcmpFragmentationNeeded, 1280);
  EXPECT_FALSE(IcmpHeader::parse(Bytes(bytes).first(7)));
  const auto header = IcmpHeader::parse(bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->type(), kIcmpUnreachable);
  EXPECT_EQ(header->code(), kIcmpFragmentationNeeded);
  EXPECT_EQ(header->next_hop_mtu(), 1280);
  EXPECT_EQ(header->mtu(), 1280U);
  EXPECT_EQ(header->body().size(), 1U);
}

TEST(QuotedSegment, NeedsEightBytesOfTcp) {
  for (const Journey& journey : {Journey{ip("198.18.0.1"), ip("198.18.0.2")},
                                 Journey{ip("2001:db8::1"), ip("2001:db8::2")}}) {
    const Frame packet = segment_packet(journey);
    const std::size_t header = journey.source.is_v4() ? 20 : 40;
    const auto quoted = QuotedSegment::parse(Bytes(packet).first(header + 8));
    ASSERT_TRUE(quoted);
    EXPECT_EQ(quoted->source, journey.source);
    EXPECT_EQ(quoted->destination, journey.destination);
    EXPECT_EQ(quoted->source_port, 443);
    EXPECT_EQ(quoted->destination_port, 50000);
    EXPECT_EQ(quoted->sequence, 0x01020304U);
    EXPECT_EQ(quoted->packet_size, packet.size());
    for (std::size_t size = 0; size < header + 8; ++size) {
      EXPECT_FALSE(QuotedSegment::parse(Bytes(packet).first(size))) << size;
    }
  }
}

TEST(QuotedSegment, IsOfItsFamilyAndOfTcp) {
  const Frame v4 = segment_packet({ip("198.18.0.1"), ip("198.18.0.2")});
  const Frame v6 = segment_packet({ip("2001:db8::1"), ip("2001:db8::2")});
  EXPECT_FALSE(QuotedSegment::parse_v4(v6));
  EXPECT_FALSE(QuotedSegment::parse_v6(v4));
  Frame udp = v4;
  udp[9] = kProtocolUdp;
  EXPECT_FALSE(QuotedSegment::parse(udp));
  Frame later_fragment = v4;
  store_be16(&later_fragment[6], 1);
  EXPECT_FALSE(QuotedSegment::parse(later_fragment));
}

}  // namespace
}  // namespace sluice::wire
