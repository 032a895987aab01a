#include "dataplane/buffer/packet_pool.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "dataplane/testing/eal.h"

namespace sluice {
namespace {

using testing::TestPool;

TEST(PacketPool, TheBufferFreedLastIsTakenNext) {
  TestPool pool(1024);
  std::vector<Packet> others;
  for (int i = 0; i < 10; ++i) others.push_back(pool->allocate());
  const rte_mbuf* last = others.back().get();
  others.pop_back();
  const Packet next = pool->allocate();
  EXPECT_EQ(next.get(), last);
}

TEST(PacketPool, ALargeBufferHoldsTheLargestTlsRecord) {
  TestPool pool(1024);
  Packet large = pool->allocate_large();
  ASSERT_TRUE(large);
  EXPECT_EQ(large.headroom(), 0U);
  EXPECT_GE(large.tailroom(), 5U + (1U << 14) + 256U);  // RFC 8446 section 5.2
}

TEST(PacketPool, LackOfLargeBuffersIsNoFailure) {
  TestPool pool(128);
  std::vector<Packet> all;
  while (Packet large = pool->allocate_large()) all.push_back(std::move(large));
  EXPECT_EQ(all.size(), 2U);
  EXPECT_EQ(pool->allocation_failures(), 0U);
  EXPECT_TRUE(pool->allocate());
}

TEST(PacketPool, ASmallPoolHasNoLargeBuffers) {
  TestPool pool(63);
  EXPECT_FALSE(pool->allocate_large());
}

TEST(PacketPool, APartOfALargeBufferIsShared) {
  TestPool pool(1024);
  Packet large = pool->allocate_large();
  ASSERT_TRUE(large);
  large.append(16'000)[15'999] = 7;
  const Packet part = pool->share(*large.get(), 10'000, 6000);
  large.reset();
  ASSERT_TRUE(part);
  EXPECT_EQ(part.front()[5999], 7);
}

}  // namespace
}  // namespace sluice
