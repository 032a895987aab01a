#include "dataplane/base/measured_duration.h"

#include <gtest/gtest.h>

#include <memory>

namespace sluice {
namespace {

using std::chrono::microseconds;

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

TEST(RecentDuration, RemembersTheLongestSample) {
  RecentDuration duration;
  for (const int sample : {100, 700, 200}) duration.add(microseconds(sample));
  EXPECT_EQ(duration.longest_microseconds(), 700U);
}

TEST(MeasuredDuration, HasEverySampleInItsHistogram) {
  const auto duration = std::make_unique<MeasuredDuration>();
  for (int i = 0; i < 99; ++i) duration->add(microseconds(100));
  duration->add(microseconds(5000));
  SmallDistribution distribution;
  distribution.add(duration->histogram());
  EXPECT_EQ(distribution.count(), duration->samples());
  EXPECT_NEAR(static_cast<double>(distribution.percentile(99).count()), 100e3, 7e3);
  EXPECT_NEAR(static_cast<double>(distribution.percentile(100).count()), 5000e3, 350e3);
}

}  // namespace
}  // namespace sluice
