#include "dataplane/worker/idle_policy.h"

#include <gtest/gtest.h>

namespace sluice::worker {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

// A worker that has nothing to do, in virtual time: a pass takes one microsecond.
struct IdleWorker {
  explicit IdleWorker(IdleMode mode) : policy(mode) {}

  Duration pass(bool worked) {
    now += microseconds(1);
    const Duration sleep = policy.after(worked, now);
    now += sleep;
    asleep += sleep;
    return sleep;
  }

  IdlePolicy policy;
  Instant now{};
  Duration asleep{};
};

TEST(IdlePolicy, PollNeverSleeps) {
  IdleWorker worker(IdleMode::kPoll);
  for (int i = 0; i < 100000; ++i) EXPECT_EQ(worker.pass(false), Duration::zero());
}

TEST(IdlePolicy, OnlyWhoSharesItsCpuGivesItAway) {
  EXPECT_FALSE(IdlePolicy(IdleMode::kPoll).yields());
  EXPECT_FALSE(IdlePolicy(IdleMode::kAdaptive).yields());
  EXPECT_TRUE(IdlePolicy(IdleMode::kSharing).yields());
}

TEST(IdlePolicy, WhoSharesItsCpuSleepsAsWell) {
  IdleWorker worker(IdleMode::kSharing);
  for (int i = 0; i < 1000; ++i) worker.pass(false);
  EXPECT_EQ(worker.pass(false), IdlePolicy::kLongestSleep);
}

TEST(IdlePolicy, AdaptivePollsOnAfterWork) {
  IdleWorker worker(IdleMode::kAdaptive);
  worker.pass(true);
  const Instant worked = worker.now;
  while (worker.pass(false) == Duration::zero()) {
    ASSERT_LT(worker.now - worked, seconds(1));
  }
  EXPECT_GE(worker.now - worker.asleep - worked, IdlePolicy::kPollOn);
}

TEST(IdlePolicy, AdaptiveSleepsGrowToTheBoundAndNoFurther) {
  IdleWorker worker(IdleMode::kAdaptive);
  worker.pass(true);
  Duration last{};
  for (int i = 0; i < 1000; ++i) {
    const Duration sleep = worker.pass(false);
    EXPECT_GE(sleep, last);
    EXPECT_LE(sleep, IdlePolicy::kLongestSleep);
    last = sleep;
  }
  EXPECT_EQ(last, IdlePolicy::kLongestSleep);
}

TEST(IdlePolicy, AdaptivePollsAgainAtOnceWhenWorkArrives) {
  IdleWorker worker(IdleMode::kAdaptive);
  for (int i = 0; i < 1000; ++i) worker.pass(false);
  EXPECT_EQ(worker.pass(true), Duration::zero());
  EXPECT_EQ(worker.pass(false), Duration::zero());
}

TEST(IdlePolicy, AnIdleSecondIsMostlySlept) {
  IdleWorker worker(IdleMode::kAdaptive);
  worker.pass(true);
  while (worker.now < Instant(seconds(1))) worker.pass(false);
  EXPECT_GT(worker.asleep, std::chrono::milliseconds(998));
}

TEST(IdlePolicy, ASleepIsAQuarterOfTheWaitBeforeIt) {
  IdleWorker worker(IdleMode::kAdaptive);
  worker.pass(true);
  const Instant worked = worker.now;
  for (int i = 0; i < 200; ++i) {
    const Duration waited = worker.now + microseconds(1) - worked;
    EXPECT_LE(worker.pass(false), waited / 4);
  }
}

}  // namespace
}  // namespace sluice::worker
