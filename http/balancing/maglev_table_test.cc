#include "http/balancing/maglev_table.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::http {
namespace {

std::vector<MaglevTable::Member> members(std::size_t count) {
  std::vector<MaglevTable::Member> list;
  for (std::size_t i = 0; i < count; ++i) list.push_back({"web" + std::to_string(i), 1});
  return list;
}

TEST(MaglevTable, HasAHundredPlacesForEachMember) {
  for (const std::size_t count : {1U, 40U, 41U, 200U}) {
    const MaglevTable table(members(count));
    EXPECT_GE(table.size(), 100 * count);
  }
}

TEST(MaglevTable, GivesEveryMemberPlaces) {
  const MaglevTable table(members(200));
  std::vector<std::size_t> places(200);
  for (std::uint64_t key = 0; key < table.size(); ++key) ++places[table.find(key)];
  const auto [least, most] = std::minmax_element(places.begin(), places.end());
  EXPECT_LE(*most - *least, 1U) << "equal weights differ by one place at most";
}

TEST(MaglevTable, AMemberWithoutWeightGetsNone) {
  auto list = members(3);
  list[1].weight = 0;
  const MaglevTable table(list);
  for (std::uint64_t key = 0; key < table.size(); ++key) ASSERT_NE(table.find(key), 1U);
}

TEST(MaglevTable, IsEmptyWithoutMembersOrWeights) {
  EXPECT_TRUE(MaglevTable({}).empty());
  EXPECT_TRUE(MaglevTable({{"a", 0}}).empty());
}

// Another machine, or the next version, must send a key to the same server.
TEST(MaglevTable, IsTheSameForEver) {
  const MaglevTable table(members(20));
  EXPECT_EQ(request_key("198.18.0.7", 10), 3557448203295895068U);
  EXPECT_EQ(table.find(request_key("198.18.0.7", 10)), 3U);
}

}  // namespace
}  // namespace sluice::http
