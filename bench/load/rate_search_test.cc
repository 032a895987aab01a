#include "bench/load/rate_search.h"

#include <gtest/gtest.h>

#include <functional>

namespace sluice::load {
namespace {

// Tries until the search is over; `good` is the server.
RateSearch search(RateSearch search, const std::function<bool(double)>& good) {
  int trials = 0;
  while (const auto rate = search.next()) {
    search.tried(good(*rate));
    EXPECT_LT(++trials, 100);
    if (trials >= 100) break;
  }
  return search;
}

TEST(RateSearch, FindsAKneeWithinItsPrecision) {
  for (const double knee : {1'000.0, 12'345.0, 999'999.0}) {
    const RateSearch found = search({1000, 10e6, 0.02}, [&](double rate) { return rate <= knee; });
    EXPECT_LE(found.best(), knee);
    EXPECT_GE(found.best(), knee * 0.97);
  }
}

TEST(RateSearch, GoesBelowItsBeginWhenEvenThatIsTooMuch) {
  const RateSearch found = search({1000, 10e6, 0.02}, [](double rate) { return rate <= 70; });
  EXPECT_LE(found.best(), 70);
  EXPECT_GE(found.best(), 67);
}

TEST(RateSearch, EndsAtTheHighestRateAllowed) {
  EXPECT_EQ(search({1000, 50'000, 0.02}, [](double) { return true; }).best(), 50'000);
}

TEST(RateSearch, OfAServerThatNeverAnswersEndsAtZero) {
  EXPECT_EQ(search({1000, 1e6, 0.02}, [](double) { return false; }).best(), 0);
}

TEST(RateSearch, ALuckyTrialDoesNotStand) {
  bool lucky = true;
  const RateSearch found = search({1000, 1e6, 0.02}, [&](double rate) {
    if (rate <= 10'000) return true;
    const bool good = lucky && rate < 11'000;
    if (good) lucky = false;
    return good;
  });
  EXPECT_LE(found.best(), 10'000);
  EXPECT_GE(found.best(), 9'000);
}

TEST(RateSearch, AnUnluckyTrialDoesNotStandEither) {
  int trials = 0;
  const RateSearch found = search({1000, 1e6, 0.02}, [&](double rate) {
    const bool stalled = ++trials % 3 == 0;
    return rate <= 50'000 && !stalled;
  });
  EXPECT_LE(found.best(), 50'000);
  EXPECT_GE(found.best(), 48'500);
}

}  // namespace
}  // namespace sluice::load
