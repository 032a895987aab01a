// How the end of a peer is found out that does not say it has ended (RFC 9293 section 3.8.4,
// RFC 5482), and how long the end of a connection may take.
#include <gtest/gtest.h>

#include <optional>
#include <utility>

#include "dataplane/tcp/testing/pair_fixture.h"

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Family;
using testing::PairFixture;

class KeepAliveTest : public PairFixture {
 protected:
  void start_with(StackConfig config, Family family = Family::kIPv4) {
    start(config, family);
    establish();
    run_for(seconds(1));
    from_client_ = from_server_ = 0;
  }
  [[nodiscard]] Duration time_of(const std::function<bool()>& event, Duration limit) {
    const Instant begin = simulation_->clock().now();
    EXPECT_TRUE(eventually(event, limit));
    return simulation_->clock().now() - begin;
  }
};

TEST_F(KeepAliveTest, AnIdleConnectionIsProbedAndLivesOn) {
  start_with({});
  run_for(minutes(20));
  EXPECT_FALSE(client_.failure);
  EXPECT_FALSE(server().failure);
  // Either side's probe also tells the other one that its peer lives.
  EXPECT_GE(client_counters().keep_alive_probes.get() + server_counters().keep_alive_probes.get(),
            9U);
  EXPECT_LE(client_counters().keep_alive_probes.get(), 10U);
  EXPECT_LE(server_counters().keep_alive_probes.get(), 10U);
  client_.say("still here", client_host().pool());
  EXPECT_TRUE(eventually([this] { return server().received == "still here"; }, seconds(1)));
}

TEST_F(KeepAliveTest, APeerThatHasVanishedIsGivenUpAfterTheLastProbe) {
  start_with({}, Family::kIPv6);
  simulation_->impairments.loss = 1;
  const Duration took = time_of([this] { return client_.failure.has_value(); }, minutes(10));
  EXPECT_EQ(client_.failure, StreamError::kTimedOut);
  EXPECT_GE(took, minutes(2) + 8 * seconds(15) - seconds(2));
  EXPECT_LE(took, minutes(2) + 8 * seconds(15) + seconds(1));
  EXPECT_EQ(client_counters().keep_alive_probes.get(), 8U);
  EXPECT_EQ(client_counters().keep_alive_timeouts.get(), 1U);
  EXPECT_EQ(client_counters().connections_timed_out.get(), 1U);
  EXPECT_EQ(client_host().stack().connections(), 0U);
}

TEST_F(KeepAliveTest, TimesAndCountAreConfigured) {
  start_with(
      {.keep_alive_idle = seconds(10), .keep_alive_interval = seconds(3), .keep_alive_probes = 2});
  simulation_->impairments.loss = 1;
  const Duration took = time_of([this] { return client_.failure.has_value(); }, minutes(10));
  EXPECT_GE(took, seconds(14));
  EXPECT_LE(took, seconds(17));
  EXPECT_EQ(client_counters().keep_alive_probes.get(), 2U);
}

TEST_F(KeepAliveTest, SwitchedOffNothingIsSentAndNothingEnds) {
  start_with({.keep_alive = false});
  run_for(minutes(30));
  EXPECT_EQ(from_client_ + from_server_, 0);
  EXPECT_EQ(client_host().stack().connections(), 1U);
  EXPECT_EQ(server_host().stack().connections(), 1U);
}

TEST_F(KeepAliveTest, AnAnswerBeginsTheCountAnew) {
  start_with({});
  for (int round = 0; round < 3; ++round) {
    client_.say("x", client_host().pool());
    run_for(seconds(1));
    simulation_->impairments.loss = 1;
    run_for(minutes(2) + seconds(100));
    simulation_->impairments.loss = 0;
    run_for(seconds(20));
    ASSERT_FALSE(client_.failure);
    ASSERT_FALSE(server().failure);
  }
}

TEST_F(KeepAliveTest, AHalfClosedConnectionIsProbedToo) {
  start_with({});
  client_.stream->finish();
  ASSERT_TRUE(eventually([this] { return server().ended; }));
  simulation_->impairments.loss = 1;
  EXPECT_TRUE(eventually([this] { return client_.failure && server().failure; }, minutes(5)));
}

TEST_F(KeepAliveTest, APeerThatHasForgottenTheConnectionResetsIt) {
  start_with({});
  lose = [](bool from_server, const Segment&) { return from_server; };
  std::exchange(server().stream, nullptr)->abort();
  run_for(milliseconds(10));
  lose = nullptr;
  ASSERT_FALSE(client_.failure);
  EXPECT_TRUE(eventually([this] { return client_.failure.has_value(); }, minutes(3)));
  EXPECT_EQ(client_.failure, StreamError::kReset);
}

TEST_F(KeepAliveTest, DataFindsThatThePeerHasForgottenTheConnection) {
  start_with({});
  lose = [](bool from_server, const Segment&) { return from_server; };
  std::exchange(server().stream, nullptr)->abort();
  run_for(milliseconds(10));
  lose = nullptr;
  client_.say("hello?", client_host().pool());
  EXPECT_TRUE(eventually([this] { return client_.failure.has_value(); }, milliseconds(100)));
  EXPECT_EQ(client_.failure, StreamError::kReset);
}

// RFC 9293 section 3.5.1: the peer has crashed and begins anew from the same port.
TEST_F(KeepAliveTest, ANewSynFindsAHalfOpenConnection) {
  start_with({});
  std::optional<SequenceNumber> challenged;
  lose = [&](bool from_server, const Segment& segment) {
    if (from_server) challenged = segment.acknowledgment;
    return true;
  };
  const std::uint16_t port = client_.stream->local().port;
  simulation_->inject(client_host(), server_host(), {port, kPort, 77777, 0, wire::kSyn, 1000});
  run_for(milliseconds(2));
  ASSERT_TRUE(challenged) << "even without timestamps";
  // The ACK means nothing to the new connection, which answers with a reset at its number.
  simulation_->inject(client_host(), server_host(),
                      {port, kPort, challenged->value(), 0, wire::kRst, 0});
  run_for(milliseconds(2));
  EXPECT_EQ(server().failure, StreamError::kReset);
}

// R2 of RFC 9293 section 3.8.3, what RFC 5482 calls the user timeout.
TEST_F(KeepAliveTest, UnacknowledgedDataIsGivenUpAfterTheConfiguredTime) {
  start_with({.rto_maximum = seconds(5), .give_up_after = seconds(30)});
  simulation_->impairments.loss = 1;
  client_.say("anyone there?", client_host().pool());
  const Duration took = time_of([this] { return client_.failure.has_value(); }, minutes(10));
  EXPECT_EQ(client_.failure, StreamError::kTimedOut);
  EXPECT_GE(took, seconds(30));
  EXPECT_LE(took, seconds(36));
  EXPECT_EQ(client_counters().keep_alive_timeouts.get(), 0U);
}

TEST_F(KeepAliveTest, AnOrphanInFinWait2WaitsAsLongAsConfigured) {
  start_with({.orphan_timeout = seconds(20)});
  client_.close();
  run_for(seconds(19));
  EXPECT_EQ(client_host().stack().connections(), 1U);
  run_for(seconds(2));
  EXPECT_EQ(client_host().stack().connections(), 0U);
  EXPECT_EQ(client_host().stack().time_wait(), 0U);
}

TEST_F(KeepAliveTest, AnOrphanWhosePeerAcknowledgesNothingIsReset) {
  start_with({.orphan_timeout = seconds(20)});
  lose = [](bool from_server, const Segment&) { return from_server; };
  client_.say("last words", client_host().pool());
  client_.close();
  run_for(seconds(25));
  EXPECT_EQ(client_host().stack().connections(), 0U);
  EXPECT_EQ(client_counters().connections_aborted.get(), 1U);
  EXPECT_EQ(server().failure, StreamError::kReset);
}

}  // namespace
}  // namespace sluice::tcp
