#include "bench/common/option_values.h"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>

#include "bench/common/interface_options.h"
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

TEST(AddressRanges, GoFromTheFirstToTheLast) {
  const auto range = parse_address_range("198.18.0.254-198.18.1.1/16");
  ASSERT_EQ(range.size(), 4U);
  EXPECT_EQ(range.front().to_string(), "198.18.0.254/16");
  EXPECT_EQ(range.back().to_string(), "198.18.1.1/16");
  EXPECT_EQ(parse_address_range("2001:db8::ffff-2001:db8::1:0/64").size(), 2U);
  EXPECT_EQ(parse_address_range("198.18.0.1/24").size(), 1U);
}

TEST(AddressRanges, ThatAreNoneAreRefused) {
  for (const char* text : {"198.18.0.1", "198.18.0.1-x/24", "198.18.0.1-2001:db8::1/24", "a/24",
                           "198.18.0.1-198.20.0.1/8"}) {
    EXPECT_THROW(parse_address_range(text), std::invalid_argument) << text;
  }
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
