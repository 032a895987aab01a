#include "dataplane/worker/tsc_timeline.h"

#include <gtest/gtest.h>

namespace sluice::worker {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(TscTimeline, CountsFromItsOrigin) {
  const TscTimeline timeline(1'000'000'000, 5000);
  EXPECT_EQ(timeline.at(5000), Instant{});
  EXPECT_EQ(timeline.at(5007), Instant(nanoseconds(7)));
  EXPECT_EQ(timeline.at(4999), Instant{}) << "another core's counter may be behind by a hair";
}

TEST(TscTimeline, KeepsToTheRateOverYears) {
  for (const std::uint64_t hertz : {1'996'249'000ULL, 2'899'999'999ULL, 4'700'000'001ULL}) {
    const TscTimeline timeline(hertz, 0);
    const Instant day = timeline.at(hertz * 86400);
    EXPECT_LT(abs(day - Instant(seconds(86400))), std::chrono::microseconds(100)) << hertz;
    const Instant years = timeline.at(hertz * 86400 * 3650);
    EXPECT_LT(abs(years - Instant(seconds(86400LL * 3650))), seconds(1)) << hertz;
  }
}

}  // namespace
}  // namespace sluice::worker
