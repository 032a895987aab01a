#include "http/health/health_check.h"

#include <gtest/gtest.h>

#include <optional>

#include "http/testing/proxy_world.h"

namespace sluice::http {
namespace {

using namespace std::chrono_literals;
using testing::FakeStream;
using testing::ProxyWorld;

/// One check at a time, of a server that the test plays.
class HealthCheckTest : public ::testing::Test, public HealthCheck::Listener {
 protected:
  void on_check_result(const CheckResult& result) override { result_ = result; }

  FakeStream& start(const CheckSettings& settings) {
    check_ = std::make_unique<HealthCheck>(
        HealthCheck::Tools{environment_, tls_, parser_},
        CheckTarget{ProxyWorld::server_address(0), settings, "www.example"}, nullptr, *this);
    result_.reset();
    check_->start();
    return world_.network.last_connection();
  }
  FakeStream& ask(CheckSettings settings = {}) {
    settings.kind = CheckKind::kHttp;
    if (settings.path.empty()) settings.path = "/healthz";
    FakeStream& server = start(settings);
    server.open();
    return server;
  }
  CheckOutcome answered(std::string_view response, const CheckSettings& settings = {}) {
    ask(settings).deliver(response);
    return result_ ? result_->outcome : CheckOutcome::kNone;
  }

  ProxyWorld world_;
  ProxyEnvironment environment_{world_.network,   world_.clock,    world_.wheel, *world_.pool,
                                world_.graveyard, world_.hash_key, world_.fleet};
  tls::Counters counters_;
  tls::Environment tls_{*world_.pool, world_.graveyard, world_.clock, counters_, {}};
  HeadParser parser_;
  std::unique_ptr<HealthCheck> check_;
  std::optional<CheckResult> result_;
};

TEST_F(HealthCheckTest, OfTcpIsGoodWhenTheConnectionOpens) {
  FakeStream& server = start({.kind = CheckKind::kTcp});
  EXPECT_FALSE(result_);
  server.open();
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->outcome, CheckOutcome::kL4Ok);
  EXPECT_TRUE(server.closed());
}

TEST_F(HealthCheckTest, OfTcpFailsWhenItIsRefused) {
  start({.kind = CheckKind::kTcp}).fail(StreamError::kRefused);
  EXPECT_EQ(result_->outcome, CheckOutcome::kL4Failed);
}

TEST_F(HealthCheckTest, FailsWhenNothingComesInTime) {
  FakeStream& server = start({.kind = CheckKind::kTcp, .timeout = 1s});
  world_.pass(1100ms);
  EXPECT_EQ(result_->outcome, CheckOutcome::kL4Timeout);
  EXPECT_TRUE(server.aborted());
  FakeStream& slow = ask({.timeout = 1s});
  world_.pass(1100ms);
  EXPECT_EQ(result_->outcome, CheckOutcome::kL7Timeout);
  EXPECT_TRUE(slow.aborted());
  EXPECT_GE(result_->taken, 1s);
}

TEST_F(HealthCheckTest, OfHttpAsksAndEndsTheConnection) {
  FakeStream& server = ask({.method = "OPTIONS", .path = "/up?deep=1"});
  EXPECT_EQ(server.take(),
            "OPTIONS /up?deep=1 HTTP/1.1\r\nHost: www.example\r\nUser-Agent: Sluice (health "
            "check)\r\nAccept: */*\r\nConnection: close\r\n\r\n");
  server.deliver("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 7);
  EXPECT_EQ(result_->outcome, CheckOutcome::kL7Ok);
  EXPECT_EQ(result_->status, 200);
  EXPECT_TRUE(server.closed());
}

TEST_F(HealthCheckTest, AcceptsSuccessAndRedirection) {
  EXPECT_EQ(answered("HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n"), CheckOutcome::kL7Ok);
  EXPECT_EQ(answered("HTTP/1.1 404 Not Found\r\n\r\n"), CheckOutcome::kL7Status);
  EXPECT_EQ(result_->status, 404);
}

TEST_F(HealthCheckTest, AcceptsTheStatusesThatAreNamed) {
  const CheckSettings settings{.statuses = {{204, 204}, {400, 410}}};
  EXPECT_EQ(answered("HTTP/1.1 404 Not Found\r\n\r\n", settings), CheckOutcome::kL7Ok);
  EXPECT_EQ(answered("HTTP/1.1 200 OK\r\n\r\n", settings), CheckOutcome::kL7Status);
}

TEST_F(HealthCheckTest, SkipsInterimResponses) {
  EXPECT_EQ(answered("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
            CheckOutcome::kL7Ok);
}

TEST_F(HealthCheckTest, LooksForTheBody) {
  const CheckSettings settings{.body = "all well"};
  EXPECT_EQ(answered("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "5\r\nall w\r\n3\r\nell\r\n0\r\n\r\n",
                     settings),
            CheckOutcome::kL7Ok);
  EXPECT_EQ(answered("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nall bad", settings),
            CheckOutcome::kL7Body);
}

TEST_F(HealthCheckTest, ABodyMayEndWithItsConnection) {
  FakeStream& server = ask({.body = "well"});
  server.deliver("HTTP/1.0 200 OK\r\n\r\nall bad");
  EXPECT_FALSE(result_);
  server.end();
  EXPECT_EQ(result_->outcome, CheckOutcome::kL7Body);
}

TEST_F(HealthCheckTest, ReadsOnlySoMuchOfABody) {
  FakeStream& server = ask({.body = "well"});
  server.deliver("HTTP/1.0 200 OK\r\n\r\n");
  for (int i = 0; i < 70 && !result_; ++i) server.deliver(std::string(1000, 'x'));
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->outcome, CheckOutcome::kL7Body);
}

TEST_F(HealthCheckTest, FailsWhenItIsNoHttp) {
  EXPECT_EQ(answered("SSH-2.0-OpenSSH_9.2\r\n\r\n"), CheckOutcome::kL7Invalid);
  EXPECT_EQ(answered("HTTP/1.1 200 OK\nX: 1\n\n"), CheckOutcome::kL7Invalid);
  ask().end();
  EXPECT_EQ(result_->outcome, CheckOutcome::kL7Invalid);
  ask().fail(StreamError::kReset);
  EXPECT_EQ(result_->outcome, CheckOutcome::kL7Invalid);
}

TEST_F(HealthCheckTest, HoldsTheServerToWhatItRead) {
  FakeStream& server = ask();
  server.deliver(std::string(2000, 'x'));
  EXPECT_EQ(server.held(), 0U);
}

TEST_F(HealthCheckTest, AnEndlessHeadEndsIt) {
  FakeStream& server = ask();
  server.deliver("HTTP/1.1 200 OK\r\nX: ");
  for (int i = 0; i < 70 && !result_; ++i) server.deliver(std::string(1000, 'x'));
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->outcome, CheckOutcome::kL7Invalid);
}

TEST_F(HealthCheckTest, WithoutARouteSaysSo) {
  world_.network.set_no_route(true);
  check_ = std::make_unique<HealthCheck>(HealthCheck::Tools{environment_, tls_, parser_},
                                         CheckTarget{ProxyWorld::server_address(0), {}, ""},
                                         nullptr, *this);
  check_->start();
  EXPECT_EQ(result_->outcome, CheckOutcome::kNoResources);
}

TEST_F(HealthCheckTest, DestroyedUnderWayResetsItsConnection) {
  FakeStream& server = ask();
  check_.reset();
  EXPECT_TRUE(server.aborted());
  EXPECT_FALSE(result_);
}

}  // namespace
}  // namespace sluice::http
