#include "dataplane/base/block_pool.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <vector>

namespace sluice {
namespace {

// As large as no allocator's chunk is.
struct Thing {
  Thing(int& living, std::uint64_t number) : living_things(living), number_of_thing(number) {
    ++living_things;
  }
  ~Thing() { --living_things; }
  Thing(const Thing&) = delete;
  Thing& operator=(const Thing&) = delete;

  int& living_things;
  std::uint64_t number_of_thing;
  std::uint64_t more[3] = {};
};

class BlockPoolTest : public ::testing::Test {
 public:
  Thing* make(std::uint64_t number) { return pool.make(living, number); }

  int living = 0;
  BlockPool<Thing> pool;
};

TEST_F(BlockPoolTest, ConstructsAndDestroys) {
  Thing* thing = make(7);
  EXPECT_EQ(thing->number_of_thing, 7U);
  EXPECT_EQ(living, 1);
  EXPECT_EQ(pool.size(), 1U);
  pool.destroy(*thing);
  EXPECT_EQ(living, 0);
  EXPECT_EQ(pool.size(), 0U);
}

TEST_F(BlockPoolTest, APlaceIsAsLargeAsAnObject) {
  Thing* first = make(0);
  Thing* second = make(1);
  EXPECT_EQ(second, first + 1);
  pool.destroy(*first);
  pool.destroy(*second);
}

TEST_F(BlockPoolTest, GrowsBeyondABlockAndMovesNothing) {
  constexpr std::size_t kMany = 3 * BlockPool<Thing>::kObjectsInBlock + 1;
  std::vector<Thing*> things;
  for (std::size_t number = 0; number < kMany; ++number) things.push_back(make(number));
  EXPECT_EQ(std::set(things.begin(), things.end()).size(), kMany);
  for (std::size_t number = 0; number < kMany; ++number) {
    EXPECT_EQ(things[number]->number_of_thing, number);
    pool.destroy(*things[number]);
  }
  EXPECT_EQ(living, 0);
}

TEST_F(BlockPoolTest, UsesThePlaceFirstThatWasFreedLast) {
  Thing* first = make(0);
  Thing* second = make(1);
  pool.destroy(*first);
  pool.destroy(*second);
  EXPECT_EQ(make(2), second);
  EXPECT_EQ(make(3), first);
  pool.destroy(*second);
  pool.destroy(*first);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
TEST_F(BlockPoolTest, TheSanitizerSeesUseOfWhatIsDestroyed) {
  Thing* thing = make(7);
  pool.destroy(*thing);
  EXPECT_TRUE(__asan_address_is_poisoned(&thing->number_of_thing));
  EXPECT_EQ(make(8), thing);
  EXPECT_FALSE(__asan_address_is_poisoned(&thing->number_of_thing));
  pool.destroy(*thing);
}
#endif
#endif

}  // namespace
}  // namespace sluice
