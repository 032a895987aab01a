#include "http/counters.h"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

TEST(ResponseCounters, CountByTheFirstDigit) {
  ResponseCounters counters;
  for (const unsigned status : {100U, 200U, 204U, 503U, 600U, 999U}) counters.count(status);
  EXPECT_EQ(counters.get(1), 1U);
  EXPECT_EQ(counters.get(2), 2U);
  EXPECT_EQ(counters.get(5), 1U);
  EXPECT_EQ(counters.get(0), 2U);
}

TEST(Gauge, RemembersItsMaximum) {
  Gauge gauge;
  gauge.enter();
  gauge.enter();
  gauge.leave();
  gauge.enter();
  EXPECT_EQ(gauge.current(), 2U);
  EXPECT_EQ(gauge.maximum(), 2U);
  EXPECT_EQ(gauge.total(), 3U);
}

TEST(CounterTable, KeepsBlocksWhereTheyAre) {
  CounterTable<FrontendCounters> table;
  EXPECT_EQ(table.find(5), nullptr);
  FrontendCounters& block = table[5];
  block.requests.add(3);
  for (std::size_t i = 0; i < 1000; ++i) (void)table[i];
  EXPECT_EQ(&table[5], &block);
  EXPECT_EQ(table.find(5), &block);
  EXPECT_EQ(table.find(5)->requests.get(), 3U);
}

TEST(CounterTable, IsBounded) {
  CounterTable<FrontendCounters> table;
  EXPECT_EQ(&table[table.kCapacity], &table[table.kCapacity + 17]);
  EXPECT_EQ(table.find(table.kCapacity), nullptr);
}

}  // namespace
}  // namespace sluice::http
