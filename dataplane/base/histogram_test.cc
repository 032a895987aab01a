#include "dataplane/base/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

namespace sluice {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

TEST(Histogram, EveryValueIsReadBackWithinHalfAPercent) {
  for (std::int64_t value = 1; value < 4'000'000'000'000; value += value / 50 + 1) {
    const Duration read = Histogram::value_of(Histogram::bucket_of(nanoseconds(value)));
    const double error = std::abs(static_cast<double>(read.count() - value));
    EXPECT_LE(error, static_cast<double>(value) * 0.004) << value;
  }
}

TEST(Histogram, BucketsAreInTheOrderOfTheirValues) {
  for (std::size_t bucket = 1; bucket < Histogram::kBuckets; ++bucket) {
    EXPECT_LT(Histogram::value_of(bucket - 1), Histogram::value_of(bucket));
    EXPECT_EQ(Histogram::bucket_of(Histogram::value_of(bucket)), bucket);
  }
}

TEST(SmallHistogram, EveryValueIsReadBackWithinSevenPercent) {
  for (std::int64_t value = 1000; value < 4'000'000'000'000; value += value / 50 + 1) {
    const Duration read = SmallHistogram::value_of(SmallHistogram::bucket_of(nanoseconds(value)));
    const double error = std::abs(static_cast<double>(read.count() - value));
    EXPECT_LE(error, std::max(static_cast<double>(value) * 0.07, 1000.0)) << value;
  }
}

TEST(SmallHistogram, EveryPowerOfTwoOfMicrosecondsBeginsABucket) {
  for (std::int64_t bound = 1; bound < std::int64_t{1} << 32; bound *= 2) {
    EXPECT_LT(SmallHistogram::bucket_of(microseconds(bound) - nanoseconds(1)),
              SmallHistogram::bucket_of(microseconds(bound)));
  }
}

TEST(Histogram, WhatIsOutOfRangeCountsAtItsEnd) {
  EXPECT_EQ(Histogram::bucket_of(hours(10'000)), Histogram::kBuckets - 1);
  EXPECT_EQ(Histogram::bucket_of(nanoseconds(-5)), 0U);
  EXPECT_EQ(SmallHistogram::bucket_of(hours(10'000)), SmallHistogram::kBuckets - 1);
  EXPECT_EQ(SmallHistogram::bucket_of(nanoseconds(-5)), 0U);
}

TEST(Distribution, PercentilesAgreeWithSortedValues) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> latency(12, 1.5);
  auto histogram = std::make_unique<Histogram>();
  std::vector<double> values(20'000);
  for (double& value : values) {
    value = std::floor(latency(random));
    histogram->record(nanoseconds(static_cast<std::int64_t>(value)));
  }
  std::ranges::sort(values);
  Distribution distribution;
  distribution.add(*histogram);
  EXPECT_EQ(distribution.count(), values.size());
  for (const double percent : {1.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
    const auto rank =
        static_cast<std::size_t>(std::ceil(static_cast<double>(values.size()) * percent / 100));
    const double exact = values[rank - 1];
    const auto read = static_cast<double>(distribution.percentile(percent).count());
    EXPECT_NEAR(read, exact, exact * 0.004 + 1) << percent;
  }
}

TEST(Distribution, AnIntervalHoldsOnlyWhatCameInIt) {
  auto histogram = std::make_unique<Histogram>();
  histogram->record(milliseconds(500));
  Distribution before;
  before.add(*histogram);
  histogram->record(milliseconds(1));
  Distribution after;
  after.add(*histogram);
  const Distribution interval = after.since(before);
  EXPECT_EQ(interval.count(), 1U);
  EXPECT_LT(interval.largest(), milliseconds(2));
}

TEST(Distribution, OfNothingIsZero) {
  const Distribution none;
  EXPECT_EQ(none.percentile(99), Duration::zero());
  EXPECT_EQ(none.largest(), Duration::zero());
  EXPECT_EQ(none.mean(), Duration::zero());
}

}  // namespace
}  // namespace sluice
