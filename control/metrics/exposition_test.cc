#include "control/metrics/exposition.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "control/metrics/exposition_reader.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;
using Format = Exposition::Format;

const MetricInfo kRequests{"requests_total", MetricType::kCounter, "", "requests \"now\""};
const MetricInfo kLoad{"load_ratio", MetricType::kGauge, "", "load"};
const MetricInfo kTime{"time_seconds", MetricType::kHistogram, "", "time"};

std::string write(Format format) {
  const auto measured = std::make_unique<MeasuredDuration>();
  for (const Duration time : {Duration(10us), Duration(100us), Duration(100us), Duration(2h)}) {
    measured->add(time);
  }
  Latency latency;
  latency.add(*measured);
  Exposition exposition(format, 0);
  exposition.begin(kRequests);
  exposition.sample(label("proxy", "a\"b\\c\nd"), "code=\"2xx\"", std::uint64_t{7});
  exposition.sample("proxy=\"x\"", "code=\"2xx\"", std::uint64_t{1} << 63);
  exposition.begin({"nothing", MetricType::kGauge, "", "without a sample"});
  exposition.begin(kLoad);
  exposition.sample({}, 0.25);
  exposition.begin(kTime);
  exposition.histogram("proxy=\"x\"", {}, latency);
  return exposition.finish();
}

TEST(Exposition, IsWellFormedInBothFormats) {
  for (const Format format : {Format::kPrometheus, Format::kOpenMetrics}) {
    const ExpositionReader reader(write(format), format);
    EXPECT_EQ(reader.value("load_ratio"), "0.25");
    EXPECT_EQ(reader.value("requests_total", {{"proxy", "x"}, {"code", "2xx"}}),
              "9223372036854775808");
    EXPECT_EQ(reader.count("requests_total"), 2U);
    EXPECT_FALSE(reader.families().contains("nothing"));
  }
}

TEST(Exposition, ALineMayBeLong) {
  const std::string path(5000, 'a');
  Exposition exposition(Format::kPrometheus, 0);
  exposition.begin(kLoad);
  exposition.sample(label("certificate", path), std::int64_t{-3});
  const ExpositionReader reader(exposition.finish(), Format::kPrometheus);
  EXPECT_EQ(reader.value("load_ratio", {{"certificate", path}}), "-3");
}

TEST(Exposition, EscapesLabels) {
  EXPECT_EQ(label("a", "x\"y\\z\nw"), "a=\"x\\\"y\\\\z\\nw\"");
}

TEST(Exposition, AHistogramsBucketsAreCumulativeInSeconds) {
  const ExpositionReader reader(write(Format::kPrometheus), Format::kPrometheus);
  const auto below = [&](const std::string& bound) {
    return reader.value("time_seconds_bucket", {{"proxy", "x"}, {"le", bound}});
  };
  EXPECT_EQ(below("0.000032"), "1");
  EXPECT_EQ(below("0.000064"), "1");
  EXPECT_EQ(below("0.000128"), "3");
  EXPECT_EQ(below("1.048576"), "3");
  EXPECT_EQ(below("67.108864"), "3");
  EXPECT_EQ(below("+Inf"), "4");
  EXPECT_EQ(reader.value("time_seconds_count", {{"proxy", "x"}}), "4");
  EXPECT_EQ(reader.value("time_seconds_sum", {{"proxy", "x"}}), "7200.00021");
}

// The reader is the judge of the others: it must not let anything pass.
TEST(ExpositionReader, RefusesWhatBreaksARule) {
  const std::string begin = "# HELP a_total x\n# TYPE a_total counter\n";
  const std::string good = begin + "a_total{l=\"v\"} 1\n";
  EXPECT_NO_THROW(ExpositionReader(good, Format::kPrometheus));
  for (const std::string& text : {
           std::string("a_total 1\n"),
           begin + "a_total{l=\"v\"} 1\na_total{l=\"v\"} 2\n",
           begin + "b_total 1\n",
           begin + "a_total{l=\"v\"} one\n",
           begin + "a_total{l=\"\\v\"} 1\n",
           begin + "a_total{l=\"v\",} 1\n",
           begin + "a_total{1=\"v\"} 1\n",
           begin + "a_total -1\n",
           begin + "a_total 1",
           begin,
           good + good,
           std::string("# TYPE a gauge\na 1\n"),
           std::string("# HELP a_total x\n# TYPE a_total gauge\na_total 1\n"),
           std::string("# HELP a x\n# TYPE a counter\na 1\n"),
           std::string("# HELP h x\n# TYPE h histogram\nh_bucket{le=\"1.0\"} 2\n"
                       "h_bucket{le=\"+Inf\"} 1\nh_sum 1.0\nh_count 1\n"),
           std::string("# HELP h x\n# TYPE h histogram\nh_bucket{le=\"1.0\"} 2\nh_sum 1.0\n"
                       "h_count 2\n"),
           std::string("# HELP h x\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_sum 1.0\n"
                       "h_count 3\n"),
       }) {
    EXPECT_THROW(ExpositionReader(text, Format::kPrometheus), std::runtime_error) << text;
  }
  EXPECT_THROW(ExpositionReader(good, Format::kOpenMetrics), std::runtime_error) << "no end";
}

}  // namespace
}  // namespace sluice::control
