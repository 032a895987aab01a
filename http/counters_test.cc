#include "http/counters.h"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

using std::chrono::microseconds;

TEST(ResponseCounters, CountByTheFirstDigit) {
  ResponseCounters counters;
  for (const unsigned status : {100U, 200U, 204U, 503U, 600U, 999U}) counters.count(status);
  EXPECT_EQ(counters.get(1), 1U);
  EXPECT_EQ(counters.get(2), 2U);
  EXPECT_EQ(counters.get(5), 1U);
  EXPECT_EQ(counters.get(0), 2U);
}

TEST(RecentDuration, IsThePlainAverageOfTheFirstSamples) {
  RecentDuration duration;
  for (const int sample : {100, 200, 600}) duration.add(microseconds(sample));
  EXPECT_EQ(duration.recent_microseconds() / duration.recent_samples(), 300U);
  EXPECT_EQ(duration.total_microseconds(), 900U);
}

TEST(RecentDuration, ForgetsOldSamples) {
  RecentDuration duration;
  for (int i = 0; i < 2000; ++i) duration.add(microseconds(1000));
  EXPECT_NEAR(static_cast<double>(duration.recent_microseconds()) / 1024, 1000, 2);
  for (int i = 0; i < 10000; ++i) duration.add(microseconds(10));
  EXPECT_EQ(duration.recent_samples(), 1024U);
  EXPECT_NEAR(static_cast<double>(duration.recent_microseconds()) / 1024, 10, 2);
}

TEST(RecentDuration, TakesANegativeSampleAsZero) {
  RecentDuration duration;
  duration.add(microseconds(-5));
  EXPECT_EQ(duration.total_microseconds(), 0U);
  EXPECT_EQ(duration.samples(), 1U);
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
