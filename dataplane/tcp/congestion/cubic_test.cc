#include "dataplane/tcp/congestion/cubic.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t kMss = 1000;

/// A flow that acknowledges a whole window each round trip, in pieces of two segments.
class Flow {
 public:
  explicit Flow(Duration round_trip) : round_trip_(round_trip) {}

  void lose() { window = cubic.on_loss(window, window); }
  void run(Duration time) {
    for (const Instant end = now + time; now < end;) {
      const std::uint32_t acks = std::max(window / (2 * kMss), 1U);
      for (std::uint32_t i = 0; i < acks; ++i) {
        window = cubic.grow(window, {.acknowledged = 2 * kMss,
                                     .segment_size = kMss,
                                     .now = now,
                                     .round_trip = round_trip_});
        now += round_trip_ / acks;
      }
    }
  }

  Cubic cubic;
  std::uint32_t window = 0;
  Instant now{milliseconds(1)};

 private:
  Duration round_trip_;
};

TEST(Cubic, KeepsSevenTenthsAfterALoss) {
  Cubic cubic;
  EXPECT_EQ(cubic.on_loss(100 * kMss, 100 * kMss), 70 * kMss);
}

// RFC 9438 section 4.2: K = cbrt((W_max - cwnd) / C), here cbrt(300 / 0.4) = 9.1 s.
TEST(Cubic, ReturnsToTheOldWindowAfterKAndIsFlatThere) {
  Flow flow(milliseconds(100));
  flow.window = 1000 * kMss;
  flow.lose();
  flow.run(milliseconds(4500));
  EXPECT_NEAR(flow.window, 962 * kMss, 15.0 * kMss);
  flow.run(milliseconds(4600));
  EXPECT_NEAR(flow.window, 1000 * kMss, 10.0 * kMss);
  flow.run(milliseconds(2000));
  EXPECT_NEAR(flow.window, 1003 * kMss, 10.0 * kMss);
  // And then looks for more, ever faster.
  flow.run(milliseconds(9000));
  EXPECT_GT(flow.window, 1400 * kMss);
}

// Section 4.3: with small windows and short round trips it is Reno, with the milder reduction.
TEST(Cubic, GrowsLikeRenoWhereTheCurveIsSlower) {
  Flow flow(milliseconds(10));
  flow.window = 20 * kMss;
  flow.lose();
  ASSERT_EQ(flow.window, 14 * kMss);
  // 6 segments at 0.53 a round trip are 11.3 round trips, then one a round trip.
  flow.run(milliseconds(113));
  EXPECT_NEAR(flow.window, 20 * kMss, 1.5 * kMss);
  flow.run(milliseconds(100));
  EXPECT_NEAR(flow.window, 30 * kMss, 2.0 * kMss);
}

// Section 4.7.
TEST(Cubic, ASecondLossBelowTheOldTopLowersIt) {
  Flow fast(milliseconds(100));
  fast.window = 1000 * kMss;
  fast.lose();
  fast.lose();
  Flow plain(milliseconds(100));
  plain.window = 700 * kMss;
  plain.lose();
  ASSERT_EQ(fast.window, plain.window);
  fast.run(milliseconds(8000));
  plain.run(milliseconds(8000));
  EXPECT_LT(fast.window, plain.window - 50 * kMss);
}

// Section 4.5: at most half as much again in a round trip.
TEST(Cubic, GrowsByAtMostHalfARoundTrip) {
  Flow flow(milliseconds(100));
  flow.window = 10 * kMss;
  flow.cubic.on_timeout();
  std::uint32_t before = flow.window;
  for (int i = 0; i < 200; ++i) {
    flow.run(milliseconds(100));
    ASSERT_LE(flow.window, before + before / 2 + 2 * kMss);
    before = flow.window;
  }
}

// Section 4.8: after a timeout there is no old top to go back to.
TEST(Cubic, AfterATimeoutTheCurveBeginsFlat) {
  Flow flow(milliseconds(100));
  flow.window = 1000 * kMss;
  flow.lose();
  flow.cubic.on_timeout();
  flow.window = 500 * kMss;
  flow.run(milliseconds(1000));
  EXPECT_LT(flow.window, 510 * kMss);
}

// Section 5.8.
TEST(Cubic, TimeInWhichTheWindowWasNotUsedDoesNotCount) {
  Flow flow(milliseconds(100));
  flow.window = 1000 * kMss;
  flow.lose();
  flow.run(milliseconds(1000));
  const std::uint32_t before = flow.window;
  flow.cubic.pause();
  flow.now += std::chrono::minutes(10);
  flow.run(milliseconds(200));
  EXPECT_LT(flow.window, before + before / 10);
}

}  // namespace
}  // namespace sluice::tcp
