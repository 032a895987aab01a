#include "deploy/testbed/impaired_link/impairments.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace sluice::testbed {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(ImpairmentsTest, NothingIsImpairedByDefault) {
  const Impairments none = parse_impairments("");
  EXPECT_EQ(none.loss + none.burst_enter + none.reorder + none.duplicate + none.corrupt + none.mark,
            0);
  EXPECT_EQ(none.delay + none.jitter, Duration::zero());
  EXPECT_EQ(none.rate + none.mtu, 0U);
}

TEST(ImpairmentsTest, ReadsEveryKey) {
  const Impairments all = parse_impairments(
      "loss=0.001,burst-enter=0.01,burst-leave=0.3,burst-loss=0.9,delay=20ms,jitter=1.5ms,"
      "jitter-keeps-order=no,reorder=0.05,reorder-by=7,reorder-time=250us,duplicate=0.02,"
      "corrupt=1,mark=0.25,rate=10M,queue=64K,mtu=1000,mtu-answer=no");
  EXPECT_EQ(all.loss, 0.001);
  EXPECT_EQ(all.burst_enter, 0.01);
  EXPECT_EQ(all.burst_leave, 0.3);
  EXPECT_EQ(all.burst_loss, 0.9);
  EXPECT_EQ(all.delay, milliseconds(20));
  EXPECT_EQ(all.jitter, microseconds(1500));
  EXPECT_FALSE(all.jitter_keeps_order);
  EXPECT_EQ(all.reorder, 0.05);
  EXPECT_EQ(all.reorder_by, 7U);
  EXPECT_EQ(all.reorder_time, microseconds(250));
  EXPECT_EQ(all.duplicate, 0.02);
  EXPECT_EQ(all.corrupt, 1);
  EXPECT_EQ(all.mark, 0.25);
  EXPECT_EQ(all.rate, 10'000'000U);
  EXPECT_EQ(all.queue, 64U * 1024);
  EXPECT_EQ(all.mtu, 1000U);
  EXPECT_FALSE(all.mtu_answer);
}

TEST(ImpairmentsTest, RefusesWhatItDoesNotUnderstand) {
  for (const char* text : {"loss", "loss=", "loss=2", "loss=-0.1", "loss=nan", "loss=1%", "los=0.1",
                           "delay=20", "delay=1h", "delay=61s", "rate=10X", "mtu-answer=perhaps",
                           "mtu=2M", "loss=0.1,,", ",", "queue=1e400", "rate=2000G"}) {
    EXPECT_THROW(parse_impairments(text), std::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace sluice::testbed
