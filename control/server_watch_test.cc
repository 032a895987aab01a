#include "control/server_watch.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

using namespace std::chrono_literals;

class ServerWatchTest : public ::testing::Test {
 protected:
  ServerWatchTest() { make({}); }

  void make(http::ServerMode mode_of_a) {
    auto backend = std::make_unique<http::Backend>();
    backend->id = http::BackendId(0);
    backend->name = "farm";
    for (std::uint32_t i = 0; i < 2; ++i) {
      backend->servers.push_back({.id = http::ServerId(i),
                                  .name = i == 0 ? "a" : "b",
                                  .address = *wire::Endpoint::parse("198.18.1.11:80")});
    }
    backend->servers[0].mode = mode_of_a;
    settings_.backends.clear();
    settings_.backends.push_back(std::move(backend));
  }
  http::ServerState& state(std::uint32_t id) { return fleet_.server(http::ServerId(id)); }
  void check(std::uint32_t id, http::CheckOutcome outcome, http::CheckVerdict verdict) {
    fleet_.report(http::ServerId(id)).note({outcome, 0, 1ms});
    if (verdict == http::CheckVerdict::kDown) fleet_.report(http::ServerId(id)).falls.add();
    state(id).set_verdict(verdict, now_);
  }
  /// All that there is to say, a line each; bad news begin with '!'.
  std::string look() {
    std::string text;
    for (const auto& message : watch_.look(settings_, now_)) {
      text += (message.bad ? "!" : "") + message.text + "\n";
    }
    return text;
  }

  http::FleetState fleet_{1};
  http::Settings settings_;
  Instant now_{1s};
  ServerWatch watch_{fleet_};
};

TEST_F(ServerWatchTest, HasNothingToSayOfServersThatWork) {
  EXPECT_EQ(look(), "");
  EXPECT_EQ(look(), "");
}

TEST_F(ServerWatchTest, SaysWhyChecksTookAServerOutAndWhenItIsBack) {
  look();
  check(0, http::CheckOutcome::kL4Failed, http::CheckVerdict::kDown);
  EXPECT_EQ(look(),
            "!server farm/a (198.18.1.11:80) is down: its check says L4CON, connection refused, or "
            "host unreachable; backend farm has 1 of 2 servers\n");
  EXPECT_EQ(look(), "");
  check(0, http::CheckOutcome::kL4Ok, http::CheckVerdict::kUp);
  EXPECT_EQ(look(),
            "server farm/a (198.18.1.11:80) is in rotation; backend farm has 2 of 2 servers\n");
}

TEST_F(ServerWatchTest, SaysWhenABackendHasNoServerLeft) {
  look();
  state(0).pause(now_, 2s);
  check(1, http::CheckOutcome::kL7Status, http::CheckVerdict::kDown);
  EXPECT_NE(look().find("backend farm has no server left"), std::string::npos);
}

TEST_F(ServerWatchTest, CountsWhatItDidNotSee) {
  look();
  for (int i = 0; i < 3; ++i) {
    check(0, http::CheckOutcome::kL4Failed, http::CheckVerdict::kDown);
    check(0, http::CheckOutcome::kL4Ok, http::CheckVerdict::kUp);
  }
  EXPECT_NE(look().find("out of rotation 3 times since last told"), std::string::npos);
}

TEST_F(ServerWatchTest, SaysWhenLiveTrafficThrowsAServerOut) {
  look();
  state(0).eject(now_, 10s, 60s);
  EXPECT_NE(look().find("too many failures in a row; backend"), std::string::npos);
  now_ += 10s;
  EXPECT_NE(look().find("is in rotation"), std::string::npos);
}

TEST_F(ServerWatchTest, TheOperatorsWillIsNoBadNews) {
  look();
  make(http::ServerMode::kMaint);
  EXPECT_EQ(look(),
            "server farm/a (198.18.1.11:80) is in maintenance; backend farm has 1 of 2 servers\n");
}

TEST_F(ServerWatchTest, AServerThatWaitsForItsFirstCheckIsNoNews) {
  state(0).set_verdict(http::CheckVerdict::kPending, now_);
  EXPECT_EQ(look(), "");
}

TEST_F(ServerWatchTest, NamesOnlySomeOfMany) {
  auto backend = std::make_unique<http::Backend>(*settings_.backends[0]);
  for (std::uint32_t i = 2; i < 50; ++i) {
    backend->servers.push_back({.id = http::ServerId(i), .name = "s", .address = {}});
  }
  settings_.backends[0] = std::move(backend);
  look();
  for (std::uint32_t i = 0; i < 50; ++i) state(i).pause(now_, 2s);
  const auto messages = watch_.look(settings_, now_);
  ASSERT_EQ(messages.size(), ServerWatch::kMostNamed + 1);
  EXPECT_EQ(messages.back().text, "30 further servers have changed");
}

}  // namespace
}  // namespace sluice::control
