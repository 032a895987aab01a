#include "dataplane/tcp/new_reno.h"

#include <gtest/gtest.h>

namespace sluice::tcp {
namespace {

constexpr std::uint32_t kSegment = 1460;

NewReno started() {
  NewReno reno;
  reno.start(kSegment);
  return reno;
}

TEST(NewReno, StartsWithTenSegments) {
  EXPECT_EQ(started().window(), 10 * kSegment);
}

TEST(NewReno, InitialWindowOfLargeSegmentsIsBounded) {
  NewReno reno;
  reno.start(9000);
  EXPECT_EQ(reno.window(), 18000U);
}

TEST(NewReno, SlowStartDoublesPerRoundTrip) {
  NewReno reno = started();
  for (int i = 0; i < 10; ++i) reno.on_acknowledged(kSegment, kSegment, true);
  EXPECT_EQ(reno.window(), 20 * kSegment);
}

TEST(NewReno, CongestionAvoidanceAddsOneSegmentPerWindow) {
  NewReno reno = started();
  reno.on_loss(20 * kSegment, kSegment);
  ASSERT_EQ(reno.window(), 10 * kSegment);
  for (int i = 0; i < 10; ++i) reno.on_acknowledged(kSegment, kSegment, true);
  EXPECT_EQ(reno.window(), 11 * kSegment);
}

TEST(NewReno, AWindowThatIsNotUsedDoesNotGrow) {
  NewReno reno = started();
  reno.on_acknowledged(kSegment, kSegment, false);
  EXPECT_EQ(reno.window(), 10 * kSegment);
}

TEST(NewReno, HalvesOnLossAndNeverBelowTwoSegments) {
  NewReno reno = started();
  reno.on_loss(8 * kSegment, kSegment);
  EXPECT_EQ(reno.threshold(), 4 * kSegment);
  reno.on_loss(kSegment, kSegment);
  EXPECT_EQ(reno.threshold(), 2 * kSegment);
}

TEST(NewReno, ATimeoutLeavesOneSegment) {
  NewReno reno = started();
  reno.on_timeout(8 * kSegment, kSegment);
  EXPECT_EQ(reno.window(), kSegment);
  EXPECT_EQ(reno.threshold(), 4 * kSegment);
}

}  // namespace
}  // namespace sluice::tcp
