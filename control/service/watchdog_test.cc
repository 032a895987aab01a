#include "control/service/watchdog.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

using namespace std::chrono_literals;

constexpr Watchdog::Clock::time_point kStart{1h};

TEST(Watchdog, LooksTwiceInTheTimeThatIsWaited) {
  Watchdog watchdog(10s);
  ASSERT_TRUE(watchdog.due(kStart));
  EXPECT_TRUE(watchdog.look(kStart, {1}));
  EXPECT_FALSE(watchdog.due(kStart + 4999ms));
  EXPECT_TRUE(watchdog.due(kStart + 5s));
}

TEST(Watchdog, IsNeverDueWhenNobodyWaits) {
  EXPECT_FALSE(Watchdog(std::nullopt).due(kStart + 24h));
}

TEST(Watchdog, GivesSignsWhileAllWorkersComeRound) {
  Watchdog watchdog(10s);
  EXPECT_TRUE(watchdog.look(kStart, {1, 7}));
  EXPECT_TRUE(watchdog.look(kStart + 5s, {2, 8}));
  EXPECT_TRUE(watchdog.look(kStart + 10s, {900, 9}));
}

TEST(Watchdog, GivesNoneWhileOneWorkerHangs) {
  Watchdog watchdog(10s);
  EXPECT_TRUE(watchdog.look(kStart, {1, 7}));
  EXPECT_FALSE(watchdog.look(kStart + 5s, {100, 7}));
  EXPECT_FALSE(watchdog.look(kStart + 10s, {200, 7}));
}

TEST(Watchdog, GivesThemAgainWhenItComesRoundAfterAll) {
  Watchdog watchdog(10s);
  EXPECT_TRUE(watchdog.look(kStart, {1, 7}));
  EXPECT_FALSE(watchdog.look(kStart + 5s, {100, 7}));
  EXPECT_TRUE(watchdog.look(kStart + 10s, {200, 8}));
}

}  // namespace
}  // namespace sluice::control
