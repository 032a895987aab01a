#include "deploy/testbed/impaired_link/congestion_mark.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::testbed {
namespace {

using Bytes = std::vector<std::uint8_t>;

unsigned ipv4_sum(const Bytes& frame) {
  unsigned sum = 0;
  for (std::size_t at = 14; at < 34; at += 2) sum += unsigned{frame[at]} << 8 | frame[at + 1];
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

Bytes ipv4_frame(std::uint8_t traffic_class, std::uint8_t identification = 1) {
  Bytes frame = {2, 0, 0, 0, 0, 0xd, 2, 0, 0, 0, 0, 5, 0x08, 0};
  const Bytes header = {
      0x45, traffic_class, 0,  20, 0, identification, 0x40, 0, 64, 6, 0, 0, 198, 18, 0,
      1,    198,           18, 0,  2};
  frame.insert(frame.end(), header.begin(), header.end());
  const unsigned checksum = ~ipv4_sum(frame) & 0xffff;
  frame[24] = static_cast<std::uint8_t>(checksum >> 8);
  frame[25] = static_cast<std::uint8_t>(checksum);
  return frame;
}

Bytes ipv6_frame(std::uint8_t traffic_class) {
  Bytes frame = {2, 0, 0, 0, 0, 0xd, 2, 0, 0, 0, 0, 5, 0x86, 0xdd};
  frame.push_back(static_cast<std::uint8_t>(0x60 | traffic_class >> 4));
  frame.push_back(static_cast<std::uint8_t>(traffic_class << 4 | 0x5));  // and a flow label
  frame.resize(14 + 40);
  return frame;
}

TEST(CongestionMark, MarksIpv4AndMendsItsChecksum) {
  for (unsigned ecn = 1; ecn <= 2; ++ecn) {
    for (unsigned id = 0; id < 256; ++id) {
      Bytes frame =
          ipv4_frame(static_cast<std::uint8_t>(0xb8 | ecn), static_cast<std::uint8_t>(id));
      ASSERT_TRUE(mark_congestion(frame));
      ASSERT_EQ(frame[15], 0xbb);
      ASSERT_EQ(ipv4_sum(frame), 0xffffU);
    }
  }
}

TEST(CongestionMark, MarksIpv6AndNothingBeside) {
  for (unsigned ecn = 1; ecn <= 2; ++ecn) {
    Bytes frame = ipv6_frame(static_cast<std::uint8_t>(0xb8 | ecn));
    ASSERT_TRUE(mark_congestion(frame));
    EXPECT_EQ(frame, ipv6_frame(0xbb));
  }
}

TEST(CongestionMark, LeavesWhatMayNotBeMarked) {
  Bytes arp = ipv4_frame(2);
  arp[13] = 6;
  Bytes cut_short = ipv4_frame(2);
  cut_short.resize(20);
  for (const Bytes& frame : {ipv4_frame(0xb8), ipv4_frame(3), ipv6_frame(0xb8), ipv6_frame(3), arp,
                             cut_short, Bytes{1, 2, 3}}) {
    Bytes copy = frame;
    EXPECT_FALSE(mark_congestion(copy));
    EXPECT_EQ(copy, frame);
  }
}

}  // namespace
}  // namespace sluice::testbed
