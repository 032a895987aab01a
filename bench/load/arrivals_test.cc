#include "bench/load/arrivals.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sluice::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::size_t count_until(Arrivals& arrivals, Instant end) {
  std::size_t count = 0;
  for (; arrivals.next() < end; arrivals.advance()) ++count;
  return count;
}

Instant at(Duration time) {
  return Instant(time);
}

TEST(Arrivals, AConstantRateIsEvenlySpaced) {
  Arrivals arrivals({{1000, 1000, seconds(1)}}, 1, 0, false, 1, at({}));
  for (int i = 0; i < 3000; ++i, arrivals.advance()) {
    EXPECT_NEAR(static_cast<double>((arrivals.next() - at({})).count()), i * 1e6, 1e3);
  }
}

TEST(Arrivals, ARampHasTheAreaUnderItsLine) {
  Arrivals arrivals({{0, 10'000, seconds(10)}}, 1, 0, false, 1, at({}));
  EXPECT_NEAR(static_cast<double>(count_until(arrivals, at(seconds(5)))), 12'500, 2);
  EXPECT_NEAR(static_cast<double>(count_until(arrivals, at(seconds(10)))), 37'500, 2);
  EXPECT_NEAR(static_cast<double>(count_until(arrivals, at(seconds(11)))), 10'000, 2);
}

TEST(Arrivals, StepsFollowOneAnother) {
  Arrivals arrivals({{100, 100, seconds(1)}, {1000, 1000, seconds(1)}, {0, 0, seconds(1)}}, 1, 0,
                    false, 1, at({}));
  EXPECT_EQ(count_until(arrivals, at(seconds(1))), 100U);
  EXPECT_EQ(count_until(arrivals, at(seconds(2))), 1000U);
  EXPECT_EQ(arrivals.next(), kNever);
}

TEST(Arrivals, WorkersShareTheRateAndTakeTurns) {
  Arrivals first({{1000, 1000, seconds(1)}}, 0.5, 0, false, 1, at({}));
  Arrivals second({{1000, 1000, seconds(1)}}, 0.5, 0.5, false, 1, at({}));
  EXPECT_EQ(second.next() - first.next(), milliseconds(1));
  EXPECT_EQ(count_until(first, at(seconds(1))) + count_until(second, at(seconds(1))), 1000U);
}

TEST(Arrivals, PoissonArrivalsHaveTheirMeanAndTheirSpread) {
  Arrivals arrivals({{10'000, 10'000, seconds(1)}}, 1, 0, true, 42, at({}));
  double sum = 0;
  double squares = 0;
  constexpr int kMany = 100'000;
  Instant before = arrivals.next();
  for (int i = 0; i < kMany; ++i) {
    arrivals.advance();
    const double distance = std::chrono::duration<double>(arrivals.next() - before).count();
    before = arrivals.next();
    sum += distance;
    squares += distance * distance;
  }
  const double mean = sum / kMany;
  EXPECT_NEAR(mean, 1e-4, 2e-6);
  EXPECT_NEAR(std::sqrt(squares / kMany - mean * mean), 1e-4, 3e-6);
}

TEST(Arrivals, ThatAreTooFarOffNeverCome) {
  Arrivals rare({{1e-12, 1e-12, seconds(1)}}, 1, 0, false, 1, at({}));
  rare.advance();
  EXPECT_EQ(rare.next(), kNever);
}

TEST(Arrivals, OfNoRateNeverCome) {
  const Arrivals none({}, 1, 0, false, 1, at({}));
  EXPECT_EQ(none.next(), kNever);
}

}  // namespace
}  // namespace sluice::load
