#include "dataplane/tcp/response_limit.h"

#include <gtest/gtest.h>

#include <set>

namespace sluice::tcp {
namespace {

using std::chrono::seconds;

std::uint32_t take_all(ResponseLimit& limit) {
  std::uint32_t taken = 0;
  while (taken < 10'000 && limit.take()) ++taken;
  return taken;
}

TEST(ResponseLimit, EverySecondHasItsOwnBudgetAroundTheLimit) {
  Clock clock;
  ResponseLimit limit(clock, 1000);
  std::set<std::uint32_t> budgets;
  std::uint64_t sum = 0;
  for (int second = 0; second < 200; ++second) {
    const std::uint32_t taken = take_all(limit);
    EXPECT_GE(taken, 500U);
    EXPECT_LE(taken, 1500U);
    budgets.insert(taken);
    sum += taken;
    clock.advance_by(seconds(1));
  }
  EXPECT_GT(budgets.size(), 100U);
  EXPECT_NEAR(static_cast<double>(sum) / 200, 1000, 100);
}

TEST(ResponseLimit, WhatIsLeftIsLostAtTheEndOfTheSecond) {
  Clock clock;
  ResponseLimit limit(clock, 100);
  for (int second = 0; second < 10; ++second) clock.advance_by(seconds(1));
  EXPECT_LE(take_all(limit), 150U);
  EXPECT_FALSE(limit.take());
}

TEST(ResponseLimit, WorkersDoNotShareABudget) {
  Clock clock;
  std::set<std::uint32_t> budgets;
  for (int worker = 0; worker < 20; ++worker) {
    ResponseLimit limit(clock, 1000);
    budgets.insert(take_all(limit));
  }
  EXPECT_GT(budgets.size(), 10U);
}

TEST(ResponseLimit, ALimitOfZeroLetsNothingPass) {
  Clock clock;
  ResponseLimit limit(clock, 0);
  EXPECT_FALSE(limit.take());
}

}  // namespace
}  // namespace sluice::tcp
