#include "dataplane/worker/memory_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace sluice::worker {
namespace {

std::vector<port::DeviceName> devices(std::initializer_list<const char*> names) {
  std::vector<port::DeviceName> parsed;
  for (const char* name : names) parsed.push_back(port::parse_device_name(name));
  return parsed;
}

TEST(MemoryPlan, BuffersFollowConnectionsAndAreDividedAmongWorkers) {
  const auto copying = devices({"af_packet:eth1"});
  const MemoryPlan one = plan_memory({.workers = 1, .max_connections = 100000}, copying);
  EXPECT_GE(one.buffers_per_worker, 100000U);
  const MemoryPlan four = plan_memory({.workers = 4, .max_connections = 100000}, copying);
  EXPECT_GE(four.buffers_per_worker, 25000U);
  EXPECT_LT(four.buffers_per_worker, 50000U);
}

TEST(MemoryPlan, DevicesThatKeepBuffersGetTheirs) {
  const MemoryNeeds needs{.workers = 1, .max_connections = 20000};
  const MemoryPlan copying = plan_memory(needs, devices({"af_packet:eth1"}));
  const MemoryPlan sharing = plan_memory(needs, devices({"memif:/x,role=client,zero-copy=yes"}));
  EXPECT_GE(sharing.buffers_per_worker, copying.buffers_per_worker + 2048);
  const MemoryPlan keeping = plan_memory(needs, devices({"af_xdp:eth1"}));
  EXPECT_GE(keeping.buffers_per_worker, copying.buffers_per_worker + 4096);
}

TEST(MemoryPlan, FewConnectionsStillGetAWorkingPool) {
  const MemoryPlan plan = plan_memory({.max_connections = 10}, {});
  EXPECT_GE(plan.buffers_per_worker, 8192U);
}

TEST(MemoryPlan, OperatorsOwnNumberIsTaken) {
  const MemoryPlan plan = plan_memory({.buffers_per_worker = 5000}, {});
  EXPECT_EQ(plan.buffers_per_worker, 5000U);
}

TEST(MemoryPlan, TotalHoldsAllParts) {
  const MemoryPlan plan = plan_memory({.workers = 2}, devices({"af_xdp:eth1", "tap:sl0"}));
  const std::size_t parts = 2 * plan.pool_bytes + plan.hand_off_bytes + plan.device_bytes;
  EXPECT_GE(plan.total_mib << 20, parts);
  EXPECT_GE(plan.total_mib_small_pages, plan.total_mib);
  EXPECT_THAT(plan.describe(2), ::testing::HasSubstr("each of 2 workers"));
}

}  // namespace
}  // namespace sluice::worker
