#include "tls/control_budget.h"

#include <gtest/gtest.h>

namespace sluice::tls {
namespace {

std::uint32_t spend_all(ControlBudget& budget) {
  std::uint32_t spent = 0;
  while (budget.spend()) ++spent;
  return spent;
}

TEST(ControlBudget, IsSpentAfterSoManyRecords) {
  ControlBudget budget;
  EXPECT_EQ(spend_all(budget), ControlBudget::kRecords);
  EXPECT_FALSE(budget.spend());
}

TEST(ControlBudget, DataEarnsItAnew) {
  ControlBudget budget;
  EXPECT_TRUE(budget.spend());
  budget.earn(ControlBudget::kWindow - 1, 0);
  EXPECT_EQ(spend_all(budget), ControlBudget::kRecords - 1);
  budget.earn(1, 0);
  EXPECT_EQ(spend_all(budget), ControlBudget::kRecords);
}

TEST(ControlBudget, APeerThatDoesNotReadEarnsNothing) {
  ControlBudget budget;
  budget.earn(ControlBudget::kWindow, 1000);
  EXPECT_EQ(spend_all(budget), ControlBudget::kRecords);
  budget.earn(10 * ControlBudget::kWindow, 1000);
  EXPECT_EQ(spend_all(budget), 0U);
  budget.acknowledged(999);
  budget.earn(0, 1);
  EXPECT_EQ(spend_all(budget), 0U);
  budget.acknowledged(1);
  budget.earn(0, 0);
  EXPECT_EQ(spend_all(budget), ControlBudget::kRecords);
}

}  // namespace
}  // namespace sluice::tls
