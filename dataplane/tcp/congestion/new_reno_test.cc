#include "dataplane/tcp/congestion/new_reno.h"

#include <gtest/gtest.h>

namespace sluice::tcp {
namespace {

constexpr std::uint32_t kSegment = 1460;

TEST(NewReno, AddsOneSegmentForEachWindowThatIsAcknowledged) {
  NewReno reno;
  std::uint32_t window = 10 * kSegment;
  for (int i = 0; i < 9; ++i) {
    window = reno.grow(window, {.acknowledged = kSegment, .segment_size = kSegment});
  }
  EXPECT_EQ(window, 10 * kSegment);
  window = reno.grow(window, {.acknowledged = kSegment, .segment_size = kSegment});
  EXPECT_EQ(window, 11 * kSegment);
}

TEST(NewReno, LeavesHalfOfWhatIsInFlight) {
  NewReno reno;
  EXPECT_EQ(reno.on_loss(20 * kSegment, 8 * kSegment), 4 * kSegment);
}

}  // namespace
}  // namespace sluice::tcp
