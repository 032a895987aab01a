#include "dataplane/tcp/recovery/proportional_rate.h"

#include <gtest/gtest.h>

namespace sluice::tcp {
namespace {

constexpr std::uint32_t kMss = 1000;

// RFC 9937 section 6.
TEST(ProportionalRate, TheFirstRepairIsSentAtOnce) {
  ProportionalRate rate;
  rate.start(20 * kMss, 10 * kMss);
  EXPECT_EQ(rate.window(0, 19 * kMss, false, kMss), 20 * kMss);
}

TEST(ProportionalRate, SendsHalfOfWhatArrivesWhenTheThresholdIsHalf) {
  ProportionalRate rate;
  rate.start(20 * kMss, 10 * kMss);
  std::uint32_t pipe = 20 * kMss;
  std::uint32_t sent = 0;
  for (int acks = 0; acks < 20; ++acks) {
    pipe -= kMss;
    const std::uint32_t window = rate.window(kMss, pipe, false, kMss);
    while (window >= pipe + kMss) {
      rate.on_sent(kMss);
      pipe += kMss;
      sent += kMss;
    }
  }
  EXPECT_EQ(pipe, 10 * kMss);
  EXPECT_EQ(sent, 10 * kMss);
}

TEST(ProportionalRate, BelowTheThresholdItGrowsByOneSegmentAnAckThatMakesProgress) {
  ProportionalRate rate;
  rate.start(20 * kMss, 10 * kMss);
  rate.on_sent(kMss);
  // Heavy losses left little in the network.
  EXPECT_EQ(rate.window(kMss, 3 * kMss, true, kMss), 5 * kMss);
  EXPECT_EQ(rate.window(kMss, 3 * kMss, false, kMss), 4 * kMss);
}

TEST(ProportionalRate, NeverGoesBeyondTheThreshold) {
  ProportionalRate rate;
  rate.start(20 * kMss, 10 * kMss);
  rate.on_sent(kMss);
  EXPECT_EQ(rate.window(8 * kMss, 9 * kMss, true, kMss), 10 * kMss);
}

}  // namespace
}  // namespace sluice::tcp
