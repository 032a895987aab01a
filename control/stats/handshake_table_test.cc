#include "control/stats/handshake_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>

namespace sluice::control {
namespace {

using namespace std::chrono_literals;

using ::testing::HasSubstr;
using ::testing::Not;

TEST(HandshakeTable, AddsWorkersUpAndLeavesOutWhatNeverHappened) {
  const auto one = std::make_unique<tls::HandshakeStatistics>();
  const auto other = std::make_unique<tls::HandshakeStatistics>();
  one->completed(0x1301, false, 1ms);
  other->completed(0x1301, false, 1ms);
  other->completed(0xc02f, true, 1ms);
  one->failed({tls::Failure::Kind::kAlertReceived, 48});
  other->failed({tls::Failure::Kind::kAlertReceived, 48});
  other->failed({});
  const std::array<const tls::HandshakeStatistics*, 2> workers = {one.get(), other.get()};
  const std::string json = handshake_table(workers).format_json();
  EXPECT_THAT(json, HasSubstr(R"("group":"full","name":"TLS_AES_128_GCM_SHA256","value":2)"));
  EXPECT_THAT(json,
              HasSubstr(R"("group":"resumed","name":"ECDHE-RSA-AES128-GCM-SHA256","value":1)"));
  EXPECT_THAT(json, HasSubstr(R"("group":"failed","name":"alert received: unknown CA","value":2)"));
  EXPECT_THAT(json, HasSubstr(R"("group":"failed","name":"left or given up","value":1)"));
  EXPECT_THAT(json, HasSubstr(R"("group":"full_us","name":"p50")"));
  EXPECT_THAT(json, Not(HasSubstr("TLS_AES_256_GCM_SHA384")));
}

}  // namespace
}  // namespace sluice::control
