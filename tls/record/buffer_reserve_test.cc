#include "tls/record/buffer_reserve.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "dataplane/testing/eal.h"

namespace sluice::tls {
namespace {

constexpr std::size_t kRoom = PacketPool::kDataRoom;

TEST(BufferReserve, WhatWasEnsuredIsThereWhenThePoolIsDry) {
  sluice::testing::TestPool pool(8);
  BufferReserve reserve(*pool);
  ASSERT_TRUE(reserve.ensure(2 * kRoom + 1));
  std::vector<Packet> hoard;
  while (Packet packet = pool->allocate()) hoard.push_back(std::move(packet));
  for (int i = 0; i < 3; ++i) hoard.push_back(reserve.take());
  EXPECT_TRUE(hoard.back());
  EXPECT_FALSE(reserve.take());
}

TEST(BufferReserve, TakesFromThePoolWhatWasNotEnsured) {
  sluice::testing::TestPool pool(8);
  BufferReserve reserve(*pool);
  EXPECT_TRUE(reserve.take());
}

TEST(BufferReserve, RefusesWhatThePoolCannotGive) {
  sluice::testing::TestPool pool(2);
  BufferReserve reserve(*pool);
  EXPECT_FALSE(reserve.ensure(3 * kRoom));
  EXPECT_TRUE(reserve.ensure(2 * kRoom));
  reserve.release();
  EXPECT_TRUE(pool->allocate());
  EXPECT_FALSE(reserve.ensure((BufferReserve::kCapacity + 1) * kRoom));
}

TEST(BufferReserve, ALongRecordGetsOneLargeBuffer) {
  sluice::testing::TestPool pool(1024);
  BufferReserve reserve(*pool);
  ASSERT_TRUE(reserve.ensure(1000));
  EXPECT_FALSE(reserve.large());
  ASSERT_TRUE(reserve.ensure(16'500));
  ASSERT_TRUE(reserve.large());
  EXPECT_GE(reserve.take().tailroom(), 16'500U);
  EXPECT_FALSE(reserve.large());
}

TEST(BufferReserve, OrdinaryBuffersDoWhenTheLargeOnesAreInUse) {
  sluice::testing::TestPool pool(64);
  const Packet only = pool->allocate_large();
  ASSERT_TRUE(only);
  BufferReserve reserve(*pool);
  ASSERT_TRUE(reserve.ensure(16'500));
  EXPECT_FALSE(reserve.large());
  std::size_t room = 0;
  for (int i = 0; i < 9; ++i) room += reserve.take().tailroom();
  EXPECT_GE(room, 16'500U);
}

}  // namespace
}  // namespace sluice::tls
