#include "control/capture/capture_request.h"

#include <gtest/gtest.h>

#include "control/admin/command_table.h"

namespace sluice::control {
namespace {

std::optional<CaptureRequest> parse(std::string_view line) {
  std::string problem;
  const auto words = split_commands(line).front();
  auto request = CaptureRequest::parse(words, problem);
  EXPECT_EQ(request.has_value(), problem.empty()) << line;
  return request;
}

TEST(CaptureRequest, IsBoundedWhenNothingIsSaid) {
  const auto request = parse("");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->duration, std::chrono::seconds(60));
  EXPECT_EQ(request->snap_length, 256U);
  EXPECT_FALSE(request->filter.remote || request->filter.local_port || request->filter.direction);
}

TEST(CaptureRequest, TakesEveryArgument) {
  const auto request = parse(
      "port af_packet:wan remote 198.18.7.0/24 local-port 443 direction out count 5 "
      "duration 250ms snaplen 96");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->port, "af_packet:wan");
  EXPECT_EQ(request->filter.remote, wire::Prefix::parse("198.18.7.0/24"));
  EXPECT_EQ(request->filter.local_port, 443);
  EXPECT_EQ(request->filter.direction, capture::Direction::kOut);
  EXPECT_EQ(request->count, 5U);
  EXPECT_EQ(request->duration, std::chrono::milliseconds(250));
  EXPECT_EQ(request->snap_length, 96U);
  EXPECT_FALSE(parse("direction both")->filter.direction);
}

TEST(CaptureRequest, RefusesWhatItDoesNotKnowAndWhatHasNoBound) {
  for (const char* line : {"port", "remote x", "local-port 0", "local-port 70000", "direction up",
                           "count 0", "duration 0s", "duration 25h", "duration 10", "snaplen 13",
                           "snaplen 65536", "colour red", "count"}) {
    EXPECT_FALSE(parse(line)) << line;
  }
}

}  // namespace
}  // namespace sluice::control
