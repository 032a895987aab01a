#include "control/stats/error_report.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

constexpr std::int64_t kNow = 1795436892221;  // 2026-11-23 12:28:12.221 UTC

ErrorEvent event(std::int64_t at, std::string bytes) {
  ErrorEvent event;
  event.proxy = "www";
  event.proxy_id = 1;
  event.at = at;
  event.head.error = http::HeadError::kBadField;
  event.head.peer = *wire::Endpoint::parse("198.18.0.2:4711");
  event.head.size = bytes.size();
  event.head.bytes = std::move(bytes);
  return event;
}

TEST(ErrorReport, ShowsTheHeadAndWhereTheFaultIs) {
  const ErrorEvent bad = event(kNow, "GET / HTTP/1.1\r\nHost a\r\n\x01\\\r\n");
  EXPECT_EQ(format_errors(std::vector{bad}, kNow + 1000),
            "Total events captured on [23/Nov/2026:12:28:13.221] : 1\n"
            "\n"
            "[23/Nov/2026:12:28:12.221] frontend www (#1): invalid request: " +
                std::string(to_string(http::HeadError::kBadField)) +
                "\n"
                "  backend <NONE> (#-1), server <NONE> (#-1), event #0, src 198.18.0.2:4711\n"
                "  len 28, error at position 16:\n"
                "  \n"
                "  00000  GET / HTTP/1.1\\r\\n\n"
                "  00016  Host a\\r\\n\n"
                "  00024  \\x01\\\\\\r\\n\n");
}

TEST(ErrorReport, BreaksLongLines) {
  const std::string text =
      format_errors(std::vector{event(kNow, std::string(150, 'x') + "\n")}, kNow);
  EXPECT_NE(text.find("\n  00000  " + std::string(71, 'x') + "\n  00071+ x"), std::string::npos)
      << text;
  EXPECT_NE(text.find("\n  00142+ xxxxxxxx\\n\n"), std::string::npos) << text;
}

TEST(ErrorReport, HasTheLatestOfEachProxyAndKind) {
  ErrorEvent response = event(kNow, "c");
  response.request = false;
  const auto latest =
      latest_events({event(kNow, "b"), event(kNow + 1, "d"), event(kNow, "a"), response});
  ASSERT_EQ(latest.size(), 2U);
  EXPECT_EQ(latest[0].head.bytes, "d");
  EXPECT_EQ(latest[1].head.bytes, "c");
}

}  // namespace
}  // namespace sluice::control
