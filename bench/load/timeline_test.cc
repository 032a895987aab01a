#include "bench/load/timeline.h"

#include <gtest/gtest.h>

#include <chrono>

namespace sluice::load {
namespace {

using std::chrono::microseconds;

Moment second_of(double end, double done, Duration p99) {
  Moment moment;
  moment.end = end;
  moment.length = 1;
  moment.done = done;
  moment.p99 = p99;
  moment.failures[0] = 1;
  return moment;
}

TEST(Timeline, KeepsEverySecondOfAnHour) {
  Timeline timeline;
  for (int i = 1; i <= 3600; ++i) timeline.add(second_of(i, i, microseconds(i)));
  ASSERT_EQ(timeline.moments().size(), 3600U);
  EXPECT_EQ(timeline.moments()[17].end, 18);
  EXPECT_EQ(timeline.moments()[17].p99, microseconds(18));
}

TEST(Timeline, OfALongLoadGetsCoarserAndLosesNothing) {
  Timeline timeline;
  constexpr int kSeconds = 100'000;
  for (int i = 1; i <= kSeconds; ++i) {
    timeline.add(second_of(i, 100, microseconds(i == 50'000 ? 777 : 5)));
  }
  EXPECT_LE(timeline.moments().size(), Timeline::kMost);
  EXPECT_GT(timeline.moments().size(), Timeline::kMost / 3);
  double length = 0;
  std::uint64_t failures = 0;
  Duration worst{};
  for (const Moment& moment : timeline.moments()) {
    EXPECT_DOUBLE_EQ(moment.done, 100);
    length += moment.length;
    EXPECT_DOUBLE_EQ(moment.end, length);
    failures += moment.failures[0];
    worst = std::max(worst, moment.p99);
  }
  EXPECT_EQ(length, kSeconds);
  EXPECT_EQ(failures, std::uint64_t{kSeconds});
  EXPECT_EQ(worst, microseconds(777));
}

TEST(Moment, IsWhatCameBetweenTwoLooks) {
  Histogram histogram;
  Results before;
  before.responses = 100;
  before.failures[2] = 1;
  histogram.record(microseconds(10));
  before.total.add(histogram);
  Results now = before;
  histogram.record(microseconds(90'000));
  now.total = {};
  now.total.add(histogram);
  now.responses = 300;
  now.failures[2] = 4;
  now.open = 7;
  const Moment moment = Moment::between(before, now, Mode::kRequest, 5, 2);
  EXPECT_DOUBLE_EQ(moment.done, 100);
  EXPECT_EQ(moment.failures[2], 3U);
  EXPECT_EQ(moment.open, 7U);
  EXPECT_NEAR(std::chrono::duration<double>(moment.p50).count(), 0.09, 0.0009);
}

}  // namespace
}  // namespace sluice::load
