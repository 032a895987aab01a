// Segments of somebody who guesses at a connection, or at whether there is one (RFC 5961), and of
// peers that disagree with us.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "dataplane/tcp/testing/pair_fixture.h"

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Family;
using testing::PairFixture;
using testing::Probe;

class HostileSegmentsTest : public PairFixture {
 protected:
  /// A connection on which each side has sent something and nothing is under way.
  void settle(const StackConfig& config = {}) {
    start(config);
    establish();
    client_.say("hello", client_host().pool());
    ASSERT_TRUE(eventually([this] { return server().received == "hello"; }));
    server().say("hello", server_host().pool());
    ASSERT_TRUE(eventually([this] { return client_.received == "hello"; }));
    run_for(seconds(1));
    from_server_ = 0;
  }
};

TEST_F(HostileSegmentsTest, ChallengesOfAConnectionAreSpaced) {
  settle();
  for (int i = 0; i < 100; ++i) forge(wire::kRst, 10 + i);
  EXPECT_EQ(server_counters().challenge_acks.get(), 1U);
  EXPECT_EQ(server_counters().challenge_acks_suppressed.get(), 99U);
  EXPECT_EQ(from_server_, 1);
  run_for(milliseconds(500));
  forge(wire::kRst, 10);
  EXPECT_EQ(server_counters().challenge_acks.get(), 2U);
  EXPECT_FALSE(server().failure);
}

TEST_F(HostileSegmentsTest, AllConnectionsShareABudgetOfChallenges) {
  StackConfig config;
  config.challenge_acks_per_second = 20;
  start(config);
  std::vector<std::unique_ptr<Probe>> probes;
  for (int i = 0; i < 60; ++i) {
    establish(*probes.emplace_back(std::make_unique<Probe>()));
  }
  run_for(seconds(2) - (simulation_->clock().now().time_since_epoch() % seconds(1)));
  for (auto& probe : probes) {
    simulation_->inject(client_host(), server_host(),
                        {probe->stream->local().port, kPort, 1, 0, wire::kSyn, 1000});
  }
  run_for(milliseconds(100));
  EXPECT_GE(server_counters().challenge_acks.get(), 10U);
  EXPECT_LE(server_counters().challenge_acks.get(), 30U);
  EXPECT_EQ(
      server_counters().challenge_acks.get() + server_counters().challenge_acks_suppressed.get(),
      60U);
}

TEST_F(HostileSegmentsTest, ASynAnywhereInSequenceSpaceIsChallengedUnderTheLimits) {
  settle();
  for (int i = 0; i < 50; ++i) forge(wire::kSyn, i * 40'000'000);
  EXPECT_FALSE(server().failure);
  EXPECT_EQ(server_counters().challenge_acks.get(), 1U);
  EXPECT_EQ(from_server_, 1);
}

// Each answer to such an ACK could cause another one, for ever.
TEST_F(HostileSegmentsTest, BareAcksOutOfTheWindowAreAnsweredNowAndThen) {
  settle();
  for (int i = 0; i < 500; ++i) forge(wire::kAck, -1000);
  EXPECT_GE(from_server_, 2);
  EXPECT_LE(from_server_, 3);
  EXPECT_EQ(server_counters().out_of_window.get(), 500U);
}

// The peer has missed our ACK; without another one it would wait for its timer.
TEST_F(HostileSegmentsTest, DataReceivedBeforeIsAcknowledgedEveryTime) {
  settle();
  for (int i = 0; i < 10; ++i) forge(wire::kAck, -5, 0, "hello");
  EXPECT_EQ(from_server_, 10);
  EXPECT_EQ(server().received, "hello");
}

TEST_F(HostileSegmentsTest, DataWithAnAckOfWhatWasNeverSentIsNotTaken) {
  settle();
  forge(wire::kAck, 0, 1, "blind");
  EXPECT_EQ(server().received, "hello");
  EXPECT_EQ(server_counters().challenge_acks.get(), 1U);
}

TEST_F(HostileSegmentsTest, DataWithAnAckOlderThanTheLargestWindowIsNotTaken) {
  settle();
  forge(wire::kAck, 0, -(1 << 24), "blind");
  EXPECT_EQ(server().received, "hello");
  EXPECT_EQ(server_counters().challenge_acks.get(), 1U);
}

TEST_F(HostileSegmentsTest, DataWithAnOldAckInsideTheLargestWindowIsTaken) {
  settle();
  forge(wire::kAck, 0, -5, " again");
  EXPECT_EQ(server().received, "hello again");
  EXPECT_EQ(server_counters().challenge_acks.get(), 0U);
}

// RFC 9293 section 3.8.5: nothing here uses urgent data, so it is data.
TEST_F(HostileSegmentsTest, UrgentDataIsDeliveredInLine) {
  settle();
  forge(wire::kAck | wire::kUrg | wire::kPsh, 0, 0, " now");
  EXPECT_EQ(server().received, "hello now");
  EXPECT_EQ(from_server_, 0) << "an ordinary delayed ACK follows";
}

// RFC 9293 section 3.10.7.4, eighth: a peer that contradicts itself has said where its data ends.
TEST_F(HostileSegmentsTest, AFinEndsTheStreamWhateverCameFromBehindIt) {
  settle();
  forge(wire::kAck, 20, 0, "later");
  forge(wire::kAck | wire::kFin, 0, 0, " end");
  EXPECT_EQ(server().received, "hello end");
  EXPECT_TRUE(server().ended);
}

TEST_F(HostileSegmentsTest, OfSeveralFinsTheEarliestEndsTheStream) {
  settle();
  forge(wire::kAck | wire::kFin, 20, 0, "later");
  forge(wire::kAck | wire::kFin, 10);
  forge(wire::kAck, 0, 0, "01234");
  forge(wire::kAck, 0, 0, "56789");
  EXPECT_EQ(server().received, "hello0123456789");
  EXPECT_TRUE(server().ended);
}

TEST_F(HostileSegmentsTest, DataInOrderIsBelievedRatherThanAnEarlierFinInItsMidst) {
  settle();
  forge(wire::kAck | wire::kFin, 5);
  forge(wire::kAck, 0, 0, "0123456789");
  EXPECT_EQ(server().received, "hello0123456789");
  EXPECT_FALSE(server().ended);
}

TEST_F(HostileSegmentsTest, ResetsToUnexpectedSegmentsAreLimited) {
  StackConfig config;
  config.resets_per_second = 100;
  start(config);
  run_for(seconds(1) - (simulation_->clock().now().time_since_epoch() % seconds(1)));
  for (std::uint16_t i = 0; i < 1000; ++i) {
    simulation_->inject(client_host(), server_host(),
                        {static_cast<std::uint16_t>(1024 + i), 81, 1, 1, wire::kAck, 1000});
  }
  run_for(milliseconds(100));
  EXPECT_GE(from_server_, 50);
  EXPECT_LE(from_server_, 150);
  EXPECT_EQ(server_counters().unexpected_segments.get(), 1000U);
  EXPECT_EQ(server_counters().resets_sent.get(), static_cast<unsigned>(from_server_));
  EXPECT_EQ(server_counters().resets_suppressed.get(), 1000U - static_cast<unsigned>(from_server_));
  EXPECT_EQ(server_host().pool().available(), server_host().pool().capacity());
}

}  // namespace
}  // namespace sluice::tcp
