#include "dataplane/tcp/flow_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace sluice::tcp {
namespace {

constexpr FlowRef connection(std::uint32_t index) {
  return {FlowKind::kConnection, index};
}

auto is(FlowRef wanted) {
  return [wanted](FlowRef ref) { return ref == wanted; };
}

TEST(FlowTable, TellsEntriesWithTheSameHashApart) {
  FlowTable table(100);
  ASSERT_TRUE(table.insert(42, connection(1)));
  ASSERT_TRUE(table.insert(42, {FlowKind::kTimeWait, 1}));
  EXPECT_EQ(table.find(42, is(connection(1))), connection(1));
  EXPECT_EQ(table.find(42, is({FlowKind::kTimeWait, 1})).kind(), FlowKind::kTimeWait);
  EXPECT_EQ(table.find(42, is(connection(2))).kind(), FlowKind::kNone);
}

TEST(FlowTable, OverflowsIntoFollowingBucketsAndFindsItsWayBack) {
  FlowTable table(64);
  for (std::uint32_t i = 0; i < 40; ++i) ASSERT_TRUE(table.insert(7, connection(i)));
  for (std::uint32_t i = 0; i < 40; i += 2) table.remove(7, connection(i));
  for (std::uint32_t i = 0; i < 40; ++i) {
    EXPECT_EQ(table.find(7, is(connection(i))).kind(),
              i % 2 == 0 ? FlowKind::kNone : FlowKind::kConnection);
  }
  for (std::uint32_t i = 1; i < 40; i += 2) table.remove(7, connection(i));
  EXPECT_EQ(table.size(), 0U);
}

TEST(FlowTable, RefusesMoreThanItWasMadeFor) {
  FlowTable table(3);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_TRUE(table.insert(i, connection(i)));
  EXPECT_FALSE(table.insert(3, connection(3)));
}

TEST(FlowTable, AgreesWithAMapUnderRandomUse) {
  FlowTable table(2000);
  std::map<std::uint32_t, std::uint64_t> present;
  std::mt19937_64 random(3);
  for (int round = 0; round < 200'000; ++round) {
    const auto index = static_cast<std::uint32_t>(random() % 2000);
    const auto known = present.find(index);
    if (known == present.end()) {
      const std::uint64_t hash = random() % 3 == 0 ? random() % 4 : random();
      ASSERT_TRUE(table.insert(hash, connection(index)));
      present[index] = hash;
    } else {
      ASSERT_EQ(table.find(known->second, is(connection(index))), connection(index));
      table.remove(known->second, connection(index));
      ASSERT_EQ(table.find(known->second, is(connection(index))).kind(), FlowKind::kNone);
      present.erase(known);
    }
    ASSERT_EQ(table.size(), present.size());
  }
}

}  // namespace
}  // namespace sluice::tcp
