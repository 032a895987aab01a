#include "dataplane/ip/packet_edit.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

#include "dataplane/testing/eal.h"
#include "dataplane/testing/frames.h"

namespace sluice::ip {
namespace {

using sluice::testing::chain_of;
using sluice::testing::Frame;
using sluice::testing::frame_of;
using sluice::testing::TestPool;

Frame pattern(std::size_t size) {
  Frame bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7);
  return bytes;
}

// DPDK's own check of a chain's lengths and counts.
void expect_sane(const Packet& packet) {
  const char* reason = nullptr;
  EXPECT_EQ(rte_mbuf_check(packet.get(), 1, &reason), 0) << reason;
}

TEST(Truncate, CutsAnyChainAnywhere) {
  TestPool pool;
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    const Frame bytes = pattern(1 + random() % 600);
    std::vector<std::size_t> sizes(random() % 5);
    for (auto& size : sizes) size = random() % 150;
    Packet packet = chain_of(*pool, bytes, sizes);
    const std::size_t size = 1 + random() % (bytes.size() + 20);
    truncate(packet, static_cast<std::uint32_t>(size));
    expect_sane(packet);
    const std::size_t left = std::min(size, bytes.size());
    EXPECT_EQ(packet.size(), left);
    EXPECT_EQ(frame_of(packet), Frame(bytes.begin(), bytes.begin() + static_cast<long>(left)));
  }
}

TEST(PullUp, MovesBytesForwardAndKeepsThem) {
  TestPool pool;
  std::mt19937 random(2);
  for (int round = 0; round < 500; ++round) {
    const Frame bytes = pattern(1 + random() % 600);
    std::vector<std::size_t> sizes(random() % 5);
    for (auto& size : sizes) size = random() % 150;
    Packet packet = chain_of(*pool, bytes, sizes);
    const auto size = static_cast<std::uint16_t>(random() % 300);
    ASSERT_TRUE(pull_up(packet, size));
    expect_sane(packet);
    EXPECT_GE(packet.front().size(), std::min<std::size_t>(size, bytes.size()));
    EXPECT_EQ(frame_of(packet), bytes);
  }
}

TEST(PullUp, LeavesAPacketAloneThatHasNoRoom) {
  TestPool pool;
  const Frame bytes = pattern(3000);
  const std::array<std::size_t, 1> sizes{2040};
  Packet packet = chain_of(*pool, bytes, sizes);
  EXPECT_FALSE(pull_up(packet, 2049));
  EXPECT_EQ(frame_of(packet), bytes);
  EXPECT_TRUE(pull_up(packet, 2048));
}

TEST(Flatten, CopiesAChainAndItsOffloads) {
  TestPool pool;
  const Frame bytes = pattern(2000);
  const std::array<std::size_t, 2> sizes{100, 1000};
  Packet packet = chain_of(*pool, bytes, sizes);
  packet.get()->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
  packet.get()->l4_len = 20;
  ASSERT_TRUE(flatten(packet, *pool));
  EXPECT_TRUE(packet.contiguous());
  EXPECT_EQ(frame_of(packet), bytes);
  EXPECT_NE(packet.get()->ol_flags & RTE_MBUF_F_TX_TCP_CKSUM, 0U);
  EXPECT_EQ(packet.get()->l4_len, 20);
  Packet large = chain_of(*pool, pattern(2049), sizes);
  EXPECT_FALSE(flatten(large, *pool));
}

}  // namespace
}  // namespace sluice::ip
