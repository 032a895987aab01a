#include "dataplane/base/keyed_hash.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <set>

namespace sluice {
namespace {

TEST(KeyedHash, DependsOnEveryBitOfDataAndKey) {
  std::array<std::uint8_t, 37> data{};
  std::set<std::uint64_t> seen{keyed_hash({1, 2}, data.data(), data.size())};
  for (std::size_t bit = 0; bit < data.size() * 8; ++bit) {
    data[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_TRUE(seen.insert(keyed_hash({1, 2}, data.data(), data.size())).second);
    data[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
  }
  EXPECT_TRUE(seen.insert(keyed_hash({1, 3}, data.data(), data.size())).second);
  EXPECT_TRUE(seen.insert(keyed_hash({0, 2}, data.data(), data.size())).second);
  EXPECT_TRUE(seen.insert(keyed_hash({1, 2}, data.data(), data.size() - 1)).second);
}

TEST(KeyedHash, SpreadsConsecutiveInputsOverBothHalves) {
  std::array<int, 16> low{};
  std::array<int, 16> high{};
  for (std::uint32_t i = 0; i < 16000; ++i) {
    const std::uint64_t hash = keyed_hash({5, 9}, &i, sizeof i);
    ++low[hash % 16];
    ++high[hash >> 60];
  }
  for (int i = 0; i < 16; ++i) {
    EXPECT_NEAR(low[static_cast<std::size_t>(i)], 1000, 150);
    EXPECT_NEAR(high[static_cast<std::size_t>(i)], 1000, 150);
  }
}

TEST(KeyedHash, RandomKeysDiffer) {
  EXPECT_NE(random_hash_key().low, random_hash_key().low);
}

}  // namespace
}  // namespace sluice
