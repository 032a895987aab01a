#include "dataplane/tcp/congestion/congestion_control.h"

#include <gtest/gtest.h>

namespace sluice::tcp {
namespace {

constexpr std::uint32_t kSegment = 1460;

class CongestionControlTest : public ::testing::TestWithParam<CongestionAlgorithm> {
 protected:
  void SetUp() override { control_.start(GetParam(), kSegment); }
  void acknowledge(std::uint32_t bytes) {
    control_.on_acknowledged({.acknowledged = bytes,
                              .segment_size = kSegment,
                              .now = Instant(std::chrono::seconds(1)),
                              .round_trip = std::chrono::milliseconds(20)},
                             bytes);
  }
  CongestionControl control_;
};

// RFC 6928 section 2.
TEST_P(CongestionControlTest, StartsWithTenSegments) {
  EXPECT_EQ(control_.window(), 10 * kSegment);
  EXPECT_TRUE(control_.in_first_slow_start());
}

TEST_P(CongestionControlTest, TheInitialWindowOfLargeSegmentsIsBounded) {
  control_.start(GetParam(), 9000);
  EXPECT_EQ(control_.window(), 18000U);
}

TEST_P(CongestionControlTest, SlowStartDoublesEachRoundTrip) {
  for (int i = 0; i < 10; ++i) acknowledge(kSegment);
  EXPECT_EQ(control_.window(), 20 * kSegment);
}

TEST_P(CongestionControlTest, ALossEndsSlowStartWithLessThanWasInFlight) {
  control_.on_loss(10 * kSegment, kSegment);
  EXPECT_FALSE(control_.in_slow_start());
  EXPECT_GE(control_.window(), 5 * kSegment);
  EXPECT_LE(control_.window(), 7 * kSegment);
  EXPECT_EQ(control_.window(), control_.threshold());
}

// RFC 5681 section 3.1: the threshold is made from what was in flight, not from the window.
TEST_P(CongestionControlTest, AWindowThatWasNotUsedIsNotKept) {
  control_.on_loss(6 * kSegment, kSegment);
  EXPECT_LE(control_.window(), 5 * kSegment);
}

TEST_P(CongestionControlTest, NothingTakesTheThresholdBelowTwoSegments) {
  control_.on_loss(kSegment, kSegment);
  EXPECT_EQ(control_.threshold(), 2 * kSegment);
}

TEST_P(CongestionControlTest, ATimeoutLeavesOneSegmentAndSlowStart) {
  control_.on_timeout(8 * kSegment, kSegment);
  EXPECT_EQ(control_.window(), kSegment);
  EXPECT_TRUE(control_.in_slow_start());
  EXPECT_FALSE(control_.in_first_slow_start());
}

// RFC 5681 section 4.1, RFC 2861 section 3.1.
TEST_P(CongestionControlTest, AnIdleSenderBeginsWithTheInitialWindowAndReturnsBySlowStart) {
  for (int i = 0; i < 50; ++i) acknowledge(kSegment);
  control_.on_loss(60 * kSegment, kSegment);
  control_.set_window(40 * kSegment);
  control_.on_idle(kSegment);
  EXPECT_EQ(control_.window(), 10 * kSegment);
  EXPECT_GE(control_.threshold(), 30 * kSegment);
}

INSTANTIATE_TEST_SUITE_P(Algorithms, CongestionControlTest,
                         ::testing::Values(CongestionAlgorithm::kCubic,
                                           CongestionAlgorithm::kNewReno),
                         [](const auto& each) {
                           return each.param == CongestionAlgorithm::kCubic ? "Cubic" : "NewReno";
                         });

}  // namespace
}  // namespace sluice::tcp
