#include "dataplane/wire/ipv4.h"

#include <gtest/gtest.h>

#include "dataplane/testing/frames.h"
#include "dataplane/wire/ip_protocol.h"

namespace sluice::wire {
namespace {

using testing::Frame;
using testing::ip;
using testing::ip_packet;

Frame packet_with_options(const Frame& options) {
  Frame packet = ip_packet({ip("198.18.0.1"), ip("198.18.0.2")}, kProtocolTcp, {});
  packet.insert(packet.end(), options.begin(), options.end());
  packet[0] = static_cast<std::uint8_t>(0x40 | packet.size() / 4);
  store_be16(&packet[2], static_cast<std::uint16_t>(packet.size()));
  return packet;
}

TEST(Ipv4Header, ReadsWhatWasWritten) {
  Frame bytes(20);
  write_ipv4_header(bytes.data(), {20, kProtocolTcp, 64, 0xb8, ip("198.18.0.1"), ip("198.18.0.2")});
  finish_ipv4_checksum(bytes.data());
  const auto header = Ipv4Header::parse(bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->size(), 20U);
  EXPECT_EQ(header->total_length(), 20);
  EXPECT_EQ(header->traffic_class(), 0xb8);
  EXPECT_EQ(header->ttl(), 64);
  EXPECT_EQ(header->protocol(), kProtocolTcp);
  EXPECT_EQ(header->source(), ip("198.18.0.1"));
  EXPECT_EQ(header->destination(), ip("198.18.0.2"));
  EXPECT_FALSE(header->is_fragment());
  EXPECT_TRUE(header->checksum_verifies());
  bytes[8] = 63;
  EXPECT_FALSE(Ipv4Header::parse(bytes)->checksum_verifies());
}

TEST(Ipv4Header, RefusesLengthsThatContradictEachOther) {
  const Frame good = packet_with_options({1, 1, 1, 0});
  EXPECT_TRUE(Ipv4Header::parse(good));
  EXPECT_FALSE(Ipv4Header::parse(Bytes(good).first(23))) << "options cut off";
  EXPECT_FALSE(Ipv4Header::parse(Bytes(good).first(19))) << "header cut off";
  EXPECT_FALSE(Ipv4Header::parse(good, 23)) << "longer than the packet";
  EXPECT_TRUE(Ipv4Header::parse(good, 60)) << "padded";
  Frame bad = good;
  bad[0] = 0x44;
  EXPECT_FALSE(Ipv4Header::parse(bad)) << "header length below the minimum";
  bad[0] = 0x66;
  EXPECT_FALSE(Ipv4Header::parse(bad)) << "another version";
  bad = good;
  store_be16(&bad[2], 23);
  EXPECT_FALSE(Ipv4Header::parse(bad)) << "shorter than its header";
}

TEST(Ipv4Header, KnowsFragmentsByOffsetAndMoreFlag) {
  Frame packet = packet_with_options({});
  store_be16(&packet[6], 0x2000);
  EXPECT_TRUE(Ipv4Header::parse(packet)->is_fragment());
  store_be16(&packet[6], 0x4001);
  EXPECT_TRUE(Ipv4Header::parse(packet)->is_fragment());
  EXPECT_EQ(Ipv4Header::parse(packet)->fragment_offset(), 8U);
  store_be16(&packet[6], 0x4000);
  EXPECT_FALSE(Ipv4Header::parse(packet)->is_fragment());
}

TEST(Ipv4Header, FindsSourceRoutesAndMalformedOptions) {
  const std::vector<std::pair<Frame, bool>> cases{
      {{}, false},
      {{1, 1, 1, 1}, false},
      {{0, 131, 3, 4}, false},  // behind the end of the list
      {{7, 3, 4, 0}, false},    // record route
      {{131, 3, 4, 0}, true},   // loose source route
      {{1, 137, 3, 4}, true},   // strict source route
      {{7, 3, 4, 131, 3, 4, 0, 0}, true},
      {{7, 1, 0, 0}, true},  // a length that cannot be
      {{7, 5, 0, 0}, true},  // beyond the header
      {{1, 1, 1, 7}, true},  // no length
  };
  for (const auto& [options, expected] : cases) {
    EXPECT_EQ(Ipv4Header::parse(packet_with_options(options))->has_source_route(), expected);
  }
}

}  // namespace
}  // namespace sluice::wire
