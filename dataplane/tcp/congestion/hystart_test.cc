#include "dataplane/tcp/congestion/hystart.h"

#include <gtest/gtest.h>

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t kMss = 1000;

class HyStartTest : public ::testing::Test {
 protected:
  /// A round of sixteen ACKs with this round trip. Returns whether slow start ended in it.
  bool round(Duration round_trip) {
    const SequenceNumber begin = sent_;
    sent_ += 16 * kMss;
    bool ended = false;
    for (std::uint32_t i = 1; i <= 16; ++i) {
      ended = hystart_.on_acknowledged(begin + i * kMss, sent_ + 16 * kMss, round_trip) || ended;
    }
    return ended;
  }

  SequenceNumber sent_{0};
  HyStart hystart_{SequenceNumber(16 * kMss)};
};

// RFC 9406 section 4.2.
TEST_F(HyStartTest, GoesOnWhileRoundTripsStayTheSame) {
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(round(milliseconds(40)));
  EXPECT_EQ(hystart_.growth(2 * kMss), 2 * kMss);
}

TEST_F(HyStartTest, GrowsByAllThatAnAckCovers) {
  EXPECT_EQ(hystart_.growth(100 * kMss), 100 * kMss);
}

TEST_F(HyStartTest, LongerRoundTripsMakeItConservativeAndEndItAfterFiveRounds) {
  round(milliseconds(40));
  round(milliseconds(40));
  // An eighth of 40 ms is 5 ms.
  EXPECT_FALSE(round(milliseconds(44)));
  EXPECT_EQ(hystart_.growth(4 * kMss), 4 * kMss);
  EXPECT_FALSE(round(milliseconds(50)));
  EXPECT_EQ(hystart_.growth(4 * kMss), kMss);
  int rounds = 1;
  while (!round(milliseconds(52))) ++rounds;
  EXPECT_EQ(rounds, 4);
}

TEST_F(HyStartTest, GoesOnWhenTheRoundTripsBecomeShortAgain) {
  round(milliseconds(40));
  round(milliseconds(40));
  round(milliseconds(60));
  EXPECT_EQ(hystart_.growth(4 * kMss), kMss);
  round(milliseconds(41));
  EXPECT_EQ(hystart_.growth(4 * kMss), 4 * kMss);
}

}  // namespace
}  // namespace sluice::tcp
