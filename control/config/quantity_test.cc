#include "control/config/quantity.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

using namespace std::chrono_literals;

TEST(Duration, ReadsEveryUnit) {
  EXPECT_EQ(parse_duration("7us"), 7us);
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("2h"), 2h);
  EXPECT_EQ(parse_duration("1d"), 24h);
  EXPECT_EQ(parse_duration("0s"), 0s);
}

TEST(Duration, RefusesWhatIsNotANumberAndAUnit) {
  for (const char* text : {"", "s", "30", "30 s", " 30s", "30S", "-1s", "+1s", "1.5s", "1m30s",
                           "30sec", "1e3s", "999999999999d", "99999999999999999999s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, FormatsWithTheLargestExactUnit) {
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(120s), "2m");
  EXPECT_EQ(format_duration(1500ms), "1500ms");
  EXPECT_EQ(format_duration(24h), "1d");
  EXPECT_EQ(format_duration(0s), "0s");
}

TEST(Size, ReadsEveryUnit) {
  EXPECT_EQ(parse_size("512B"), 512U);
  EXPECT_EQ(parse_size("64KiB"), 65536U);
  EXPECT_EQ(parse_size("2MiB"), 2097152U);
  EXPECT_EQ(parse_size("1GiB"), 1073741824U);
}

TEST(Size, RefusesWhatIsNotANumberAndAUnit) {
  for (const char* text : {"", "64", "64K", "64KB", "64kib", "KiB", "-1KiB", "1.5MiB", "64 KiB",
                           "18446744073709551615KiB", "18446744073709551616B"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(Size, FormatReadsBack) {
  for (const std::uint64_t bytes : {0ULL, 1ULL, 1023ULL, 1024ULL, 1536ULL, 1ULL << 30, ~0ULL}) {
    EXPECT_EQ(parse_size(format_size(bytes)), bytes);
  }
  EXPECT_EQ(format_size(16384), "16KiB");
}

}  // namespace
}  // namespace sluice::control
