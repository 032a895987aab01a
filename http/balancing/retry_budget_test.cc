#include "http/balancing/retry_budget.h"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

int retries_left(RetryBudget& budget, std::uint32_t percent, Instant now) {
  int count = 0;
  while (count < 100000 && budget.take(percent, now)) ++count;
  return count;
}

TEST(RetryBudget, HasAReserveWithoutRequests) {
  RetryBudget budget;
  EXPECT_EQ(retries_left(budget, 20, Instant{}), static_cast<int>(RetryBudget::kReserve));
}

TEST(RetryBudget, AllowsAPartOfTheRequests) {
  RetryBudget budget;
  for (int i = 0; i < 1000; ++i) budget.note_request(Instant{});
  EXPECT_EQ(retries_left(budget, 20, Instant{}), 200 + static_cast<int>(RetryBudget::kReserve));
}

TEST(RetryBudget, ForgetsWithTime) {
  RetryBudget budget;
  Instant now{};
  for (int i = 0; i < 1000; ++i) budget.note_request(now);
  retries_left(budget, 20, now);
  now += RetryBudget::kHalfLife;
  EXPECT_EQ(retries_left(budget, 20, now), 25) << "half of the requests, half of the retries";
  now += 100 * RetryBudget::kHalfLife;
  EXPECT_EQ(retries_left(budget, 20, now), static_cast<int>(RetryBudget::kReserve));
}

TEST(RetryBudget, ZeroIsNoBound) {
  RetryBudget budget;
  EXPECT_EQ(retries_left(budget, 0, Instant{}), 100000);
}

}  // namespace
}  // namespace sluice::http
