#include "dataplane/ip/token_bucket.h"

#include <gtest/gtest.h>

namespace sluice::ip {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

int takes(TokenBucket& bucket) {
  int count = 0;
  while (bucket.take()) ++count;
  return count;
}

TEST(TokenBucket, LetsABurstPassAndThenItsRate) {
  Clock clock;
  TokenBucket bucket(clock, 100, 20);
  EXPECT_EQ(takes(bucket), 20);
  clock.advance_by(milliseconds(9));
  EXPECT_EQ(takes(bucket), 0);
  clock.advance_by(milliseconds(1));
  EXPECT_EQ(takes(bucket), 1);
  clock.advance_by(milliseconds(105));
  EXPECT_EQ(takes(bucket), 10);
  clock.advance_by(milliseconds(5));
  EXPECT_EQ(takes(bucket), 1) << "part of a token is kept";
}

TEST(TokenBucket, HoldsNoMoreThanABurst) {
  Clock clock;
  TokenBucket bucket(clock, 100, 20);
  clock.advance_by(hours(24 * 365));
  EXPECT_EQ(takes(bucket), 20);
}

}  // namespace
}  // namespace sluice::ip
