#include "control/stats/latency.h"

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>

namespace sluice::control {
namespace {

using namespace std::chrono_literals;

TEST(Latency, AddsWorkersUp) {
  const auto one = std::make_unique<MeasuredDuration>();
  const auto other = std::make_unique<MeasuredDuration>();
  one->add(100us);
  other->add(300us);
  other->add(5ms);
  Latency latency;
  latency.add(*one);
  latency.add(*other);
  EXPECT_EQ(latency.distribution.count(), 3U);
  EXPECT_EQ(latency.total_microseconds, 5400U);
  EXPECT_EQ(latency.longest_microseconds, 5000U);
}

TEST(Latency, LeavesOutWhatWasBeforeItsBase) {
  const auto worker = std::make_unique<MeasuredDuration>();
  worker->add(5ms);
  const auto base = std::make_unique<MeasuredDuration>(*worker);
  worker->add(100us);
  Latency latency;
  latency.add(*worker, base.get());
  EXPECT_EQ(latency.distribution.count(), 1U);
  EXPECT_EQ(latency.total_microseconds, 100U);
  EXPECT_NEAR(static_cast<double>(latency.longest_microseconds), 100, 7);
}

TEST(LatencyTable, HasPercentilesOfWhatWasMeasured) {
  const auto measured = std::make_unique<MeasuredDuration>();
  for (int i = 0; i < 95; ++i) measured->add(100us);
  for (int i = 0; i < 5; ++i) measured->add(20ms);
  LatencyReport report;
  report.backends.resize(1);
  report.backends[0].backend = "farm";
  report.backends[0].total.add(*measured);
  const auto rows = nlohmann::json::parse(latency_table(report).format_json());
  ASSERT_EQ(rows.size(), 1U) << "what was never measured has no row";
  EXPECT_EQ(rows[0]["of"], "farm");
  EXPECT_EQ(rows[0]["time"], "total");
  EXPECT_EQ(rows[0]["count"], 100);
  EXPECT_EQ(rows[0]["mean_us"], 1095);
  EXPECT_NEAR(rows[0]["p50_us"].get<double>(), 100, 7);
  EXPECT_NEAR(rows[0]["p99_us"].get<double>(), 20000, 1400);
  EXPECT_EQ(rows[0]["max_us"], 20000);
  EXPECT_LE(rows[0]["p99.9_us"], rows[0]["max_us"]);
}

}  // namespace
}  // namespace sluice::control
