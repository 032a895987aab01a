#include "bench/common/option_values.h"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>

#include "bench/common/weighted_turns.h"

namespace sluice::bench {
namespace {

TEST(Numbers, HaveUnitsOfAThousand) {
  EXPECT_EQ(parse_number("-n", "250"), 250U);
  EXPECT_EQ(parse_number("-n", "10k"), 10'000U);
  EXPECT_EQ(parse_number("-n", "1.5M"), 1'500'000U);
  EXPECT_DOUBLE_EQ(parse_rate("--rate", "0.5"), 0.5);
}

TEST(Numbers, ThatAreNoneAreRefused) {
  for (const char* text : {"", "k", "-1", "1x", "1 k", "1kk", "nan", "inf", "1e99"}) {
    EXPECT_THROW(parse_rate("--rate", text), std::invalid_argument) << text;
  }
  EXPECT_THROW(parse_number("-n", "1.5"), std::invalid_argument);
}

TEST(Ranges, ArePairsInOrder) {
  EXPECT_EQ(parse_range("--size", "64"), (std::pair<std::uint64_t, std::uint64_t>{64, 64}));
  EXPECT_EQ(parse_range("--size", "1-1k"), (std::pair<std::uint64_t, std::uint64_t>{1, 1000}));
  EXPECT_THROW(parse_range("--size", "2-1"), std::invalid_argument);
  EXPECT_THROW(parse_range("--size", "1-2-3"), std::invalid_argument);
}

TEST(Shares, HaveWeights) {
  const auto shares = parse_shares("--status", "200:9,503");
  ASSERT_EQ(shares.size(), 2U);
  EXPECT_EQ(shares[0], (std::pair<std::uint64_t, std::uint32_t>{200, 9}));
  EXPECT_EQ(shares[1], (std::pair<std::uint64_t, std::uint32_t>{503, 1}));
  EXPECT_THROW(parse_shares("--status", "200:0"), std::invalid_argument);
}

TEST(WeightedTurns, ComeAsOftenAsTheirWeightsAndMixed) {
  const std::uint32_t weights[] = {5, 1, 2};
  const auto turns = weighted_turns(weights);
  ASSERT_EQ(turns.size(), 8U);
  std::map<std::uint32_t, int> counts;
  for (const std::uint32_t turn : turns) ++counts[turn];
  EXPECT_EQ(counts, (std::map<std::uint32_t, int>{{0, 5}, {1, 1}, {2, 2}}));
  for (std::size_t i = 2; i < turns.size(); ++i) {
    EXPECT_FALSE(turns[i] == turns[i - 1] && turns[i] == turns[i - 2]) << "three in a row at " << i;
  }
}

}  // namespace
}  // namespace sluice::bench
