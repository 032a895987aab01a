#include "dataplane/base/timer_wheel.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace sluice {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class Probe final : public Timer {
 public:
  std::function<void()> action;
  std::vector<Instant> fired;

 private:
  void on_timer(Instant now) override {
    fired.push_back(now);
    if (action) action();
  }
};

class TimerWheelTest : public ::testing::Test {
 protected:
  void run_for(Duration time, Duration step = milliseconds(1)) {
    const Instant end = clock_.now() + time;
    while (clock_.now() < end) {
      clock_.advance_by(std::min<Duration>(step, end - clock_.now()));
      wheel_.advance(1000);
    }
  }

  Clock clock_;
  TimerWheel wheel_{clock_};
};

TEST_F(TimerWheelTest, FiresOnceNotEarlyAndAtMostATickLate) {
  Probe probe;
  wheel_.arm_after(probe, milliseconds(30));
  run_for(milliseconds(29));
  EXPECT_TRUE(probe.fired.empty());
  run_for(milliseconds(5));
  ASSERT_EQ(probe.fired.size(), 1U);
  EXPECT_GE(probe.fired[0], Instant(milliseconds(30)));
  EXPECT_LE(probe.fired[0], Instant(milliseconds(30)) + TimerWheel::kTick + milliseconds(1));
  EXPECT_FALSE(probe.armed());
}

TEST_F(TimerWheelTest, ArmedLaterFiresAtTheLaterDeadlineOnly) {
  Probe probe;
  wheel_.arm_after(probe, milliseconds(10));
  wheel_.arm_after(probe, milliseconds(500));
  run_for(milliseconds(499));
  EXPECT_TRUE(probe.fired.empty());
  run_for(milliseconds(5));
  EXPECT_EQ(probe.fired.size(), 1U);
}

TEST_F(TimerWheelTest, ArmedEarlierFiresAtTheEarlierDeadline) {
  Probe probe;
  wheel_.arm_after(probe, hours(2));
  wheel_.arm_after(probe, milliseconds(3));
  run_for(milliseconds(6));
  EXPECT_EQ(probe.fired.size(), 1U);
}

TEST_F(TimerWheelTest, DisarmedAndDestroyedTimersDoNotFire) {
  Probe disarmed;
  auto destroyed = std::make_unique<Probe>();
  wheel_.arm_after(disarmed, milliseconds(5));
  wheel_.arm_after(*destroyed, milliseconds(5));
  disarmed.disarm();
  destroyed.reset();
  run_for(milliseconds(20));
  EXPECT_TRUE(disarmed.fired.empty());
}

TEST_F(TimerWheelTest, MayRearmAndDestroyFromTheCallback) {
  Probe again;
  again.action = [&] {
    if (again.fired.size() < 3) wheel_.arm_after(again, milliseconds(4));
  };
  auto gone = std::make_unique<Probe>();
  Probe killer;
  killer.action = [&] { gone.reset(); };
  wheel_.arm_after(again, milliseconds(4));
  wheel_.arm_after(killer, milliseconds(4));
  wheel_.arm_after(*gone, milliseconds(4));
  run_for(milliseconds(40));
  EXPECT_EQ(again.fired.size(), 3U);
  EXPECT_EQ(gone, nullptr);
}

TEST_F(TimerWheelTest, TheBudgetBoundsOneCallAndLosesNothing) {
  std::vector<std::unique_ptr<Probe>> probes;
  for (int i = 0; i < 100; ++i) {
    wheel_.arm_after(*probes.emplace_back(std::make_unique<Probe>()), milliseconds(5));
  }
  clock_.advance_by(milliseconds(10));
  EXPECT_EQ(wheel_.advance(30), 30U);
  EXPECT_EQ(wheel_.advance(1000), 70U);
}

TEST_F(TimerWheelTest, ManyRandomDeadlinesFireInTheirTick) {
  std::mt19937_64 random(7);
  std::vector<std::unique_ptr<Probe>> probes;
  std::vector<Instant> deadlines;
  for (int i = 0; i < 2000; ++i) {
    const Duration delay = milliseconds(random() % (i % 10 == 0 ? 3'000'000 : 3000));
    deadlines.push_back(clock_.now() + delay);
    wheel_.arm_after(*probes.emplace_back(std::make_unique<Probe>()), delay);
  }
  run_for(milliseconds(3'100'000), milliseconds(7));
  for (std::size_t i = 0; i < probes.size(); ++i) {
    ASSERT_EQ(probes[i]->fired.size(), 1U) << i;
    EXPECT_GE(probes[i]->fired[0], deadlines[i]);
    EXPECT_LE(probes[i]->fired[0], deadlines[i] + milliseconds(10));
  }
}

}  // namespace
}  // namespace sluice
