#include "dataplane/port/queue_map.h"

#include <gtest/gtest.h>

namespace sluice::port {
namespace {

TEST(QueueMap, GivesEachWorkerItsOwnQueueWhenThereAreEnough) {
  const QueueMap map(3, 3, 1);
  EXPECT_EQ(map.worker_of(0), 1U);
  EXPECT_EQ(map.worker_of(2), 0U);
  for (std::uint32_t worker = 0; worker < 3; ++worker) {
    ASSERT_TRUE(map.queue_of(worker));
    EXPECT_EQ(map.worker_of(*map.queue_of(worker)), worker);
    EXPECT_EQ(map.transmitter_for(worker), worker);
  }
}

TEST(QueueMap, WorkersWithoutQueueSendThroughOneThatHasOne) {
  const QueueMap map(2, 5, 3);
  for (std::uint32_t worker = 0; worker < 5; ++worker) {
    const std::uint32_t transmitter = map.transmitter_for(worker);
    EXPECT_TRUE(map.queue_of(transmitter)) << worker;
    EXPECT_EQ(map.queue_of(worker).has_value(), transmitter == worker) << worker;
  }
  EXPECT_NE(map.transmitter_for(0), map.transmitter_for(1));  // spread
}

TEST(QueueMap, MoreQueuesThanWorkersGoRound) {
  const QueueMap map(4, 2, 0);
  EXPECT_EQ(map.worker_of(0), 0U);
  EXPECT_EQ(map.worker_of(1), 1U);
  EXPECT_EQ(map.worker_of(2), 0U);
  EXPECT_EQ(map.queue_of(1), 1);
}

}  // namespace
}  // namespace sluice::port
