#include "dataplane/tcp/round_trip.h"

#include <gtest/gtest.h>

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Duration timeout(const RoundTrip& trip) {
  return trip.timeout(seconds(1), milliseconds(200), seconds(60));
}

TEST(RoundTrip, WaitsTheInitialTimeoutBeforeAnyMeasurement) {
  EXPECT_EQ(timeout(RoundTrip()), seconds(1));
}

// RFC 6298 (2.2).
TEST(RoundTrip, FirstSampleSetsBothValues) {
  RoundTrip trip;
  trip.sample(milliseconds(100));
  EXPECT_EQ(trip.smoothed(), milliseconds(100));
  EXPECT_EQ(trip.variation(), milliseconds(50));
  EXPECT_EQ(timeout(trip), milliseconds(300));
}

TEST(RoundTrip, ASteadyPathConvergesToTheMinimumAboveItsRoundTrip) {
  RoundTrip trip;
  for (int i = 0; i < 100; ++i) trip.sample(milliseconds(10));
  EXPECT_NEAR(static_cast<double>(trip.smoothed().count()), 1e7, 1e5);
  EXPECT_EQ(timeout(trip), milliseconds(200));
}

TEST(RoundTrip, ASpikeRaisesTheTimeoutByItsVariation) {
  RoundTrip trip;
  for (int i = 0; i < 50; ++i) trip.sample(milliseconds(100));
  trip.sample(milliseconds(900));
  EXPECT_GT(timeout(trip), milliseconds(900));
}

TEST(RoundTrip, TheTimeoutIsBoundedAbove) {
  RoundTrip trip;
  trip.sample(seconds(500));
  EXPECT_EQ(timeout(trip), seconds(60));
}

}  // namespace
}  // namespace sluice::tcp
