#include "dataplane/tcp/time_wait.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "dataplane/tcp/testing/pair_fixture.h"

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Family;
using testing::PairFixture;
using testing::Probe;

constexpr std::uint32_t kTimestamp = 0xfffffff8;

/// The server has closed first; its peer is made by hand.
class TimeWaitTest : public PairFixture {
 protected:
  static constexpr std::uint16_t kPeerPort = 2000;

  void make_time_wait(bool timestamps, const StackConfig& config = {},
                      Family family = Family::kIPv4) {
    start(config, family);
    lose = [this](bool from_server, const Segment& segment) {
      if (from_server && segment.flags == (wire::kSyn | wire::kAck)) {
        ++syn_acks_;
        syn_ack_sequence_ = segment.sequence;
      }
      return true;  // what arrives is made by hand
    };
    const std::optional<std::uint32_t> time =
        timestamps ? std::optional<std::uint32_t>(kTimestamp) : std::nullopt;
    send(wire::kSyn, 0x7fffff00, time);
    ASSERT_EQ(syn_acks_, 1);
    send(wire::kAck, 0x7fffff01, time);
    ASSERT_EQ(acceptor_.accepted.size(), 1U);
    server().close();
    run_for(milliseconds(2));
    send(wire::kAck | wire::kFin, 0x7fffff01, time);
    ASSERT_EQ(server_host().stack().time_wait(), 1U);
    last_ = SequenceNumber(0x7fffff02);
    old_sequence_ = server_next_;
    syn_acks_ = 0;
  }
  void send(std::uint8_t flags, std::uint32_t sequence, std::optional<std::uint32_t> timestamp,
            std::string_view payload = {}) {
    wire::TcpOptions options;
    if (timestamp) options.timestamps = {{*timestamp, last_timestamp_}};
    simulation_->inject(client_host(), server_host(),
                        {kPeerPort, kPort, sequence,
                         (flags & wire::kAck) != 0 ? server_next_.value() : 0, flags, 1000},
                        payload, options);
    run_for(milliseconds(2));
  }
  /// Whether a SYN that begins so much later opens the pair anew.
  bool reopens(std::int32_t sequence_later, std::optional<std::int32_t> timestamp_later) {
    syn_acks_ = 0;
    std::optional<std::uint32_t> timestamp;
    if (timestamp_later) timestamp = kTimestamp + static_cast<std::uint32_t>(*timestamp_later);
    send(wire::kSyn, (last_ + static_cast<std::uint32_t>(sequence_later)).value(), timestamp);
    return syn_acks_ == 1;
  }

  SequenceNumber last_;
  SequenceNumber old_sequence_;
  SequenceNumber syn_ack_sequence_;
  int syn_acks_ = 0;
};

// RFC 6191 section 2, case by case. Sequence numbers and timestamps wrap on the way.

TEST_F(TimeWaitTest, ALaterTimestampReopensWhateverTheSequenceNumber) {
  make_time_wait(true);
  EXPECT_TRUE(reopens(-1000, 100));
  EXPECT_EQ(server_counters().time_wait_reused.get(), 1U);
  EXPECT_EQ(server_host().stack().time_wait(), 0U);
}

TEST_F(TimeWaitTest, AnEqualTimestampReopensWithALaterSequenceNumberOnly) {
  make_time_wait(true);
  EXPECT_FALSE(reopens(-1000, 0));
  EXPECT_TRUE(reopens(1000, 0));
}

TEST_F(TimeWaitTest, AnEarlierTimestampNeverReopens) {
  make_time_wait(true);
  EXPECT_FALSE(reopens(-1000, -1));
  EXPECT_FALSE(reopens(1000, -1));
}

TEST_F(TimeWaitTest, ASynThatHasLostItsTimestampsNeedsALaterSequenceNumber) {
  make_time_wait(true);
  EXPECT_FALSE(reopens(-1000, {}));
  EXPECT_TRUE(reopens(1000, {}));
}

TEST_F(TimeWaitTest, NewTimestampsReopenWhatHadNone) {
  make_time_wait(false);
  EXPECT_TRUE(reopens(-1000, 0));
}

TEST_F(TimeWaitTest, WithoutAnyTimestampsTheSequenceNumberDecides) {
  make_time_wait(false);
  EXPECT_FALSE(reopens(-1000, {}));
  EXPECT_TRUE(reopens(1000, {}));
}

TEST_F(TimeWaitTest, TheRulesAreTheSameOverIPv6) {
  make_time_wait(true, {}, Family::kIPv6);
  EXPECT_FALSE(reopens(1000, -1));
  EXPECT_FALSE(reopens(-1000, {}));
  EXPECT_TRUE(reopens(-1000, 1));
}

TEST_F(TimeWaitTest, AReopenedPairsSequenceNumbersAreBeyondTheOldOnes) {
  make_time_wait(true);
  ASSERT_TRUE(reopens(1000, 100));
  EXPECT_GT(syn_ack_sequence_, old_sequence_ + 0xffff);
}

TEST_F(TimeWaitTest, ASynToAClosedPortIsRefusedAndTheWaitGoesOn) {
  make_time_wait(true);
  server_host().stack().stop_listening(server_endpoint());
  EXPECT_FALSE(reopens(1000, 100));
  EXPECT_EQ(server_counters().resets_sent.get(), 1U);
  EXPECT_EQ(server_host().stack().time_wait(), 1U);
}

TEST_F(TimeWaitTest, ACookieReopensAPairWithTimestamps) {
  make_time_wait(true, {.syn_cookies = SynCookieUse::kAlways});
  EXPECT_TRUE(reopens(-1000, 100));
  EXPECT_EQ(server_host().stack().time_wait(), 0U);
}

TEST_F(TimeWaitTest, ACookieWithoutTimestampsIsSentOnlyIfItIsBeyondTheOldSequenceNumbers) {
  make_time_wait(false, {.syn_cookies = SynCookieUse::kAlways});
  if (reopens(1000, {})) {
    EXPECT_GT(syn_ack_sequence_, old_sequence_ + 0xffff);
    EXPECT_EQ(server_host().stack().time_wait(), 0U);
  } else {
    EXPECT_EQ(server_host().stack().time_wait(), 1U);
    EXPECT_EQ(server_counters().time_wait_reused.get(), 0U);
  }
}

// RFC 1337.

TEST_F(TimeWaitTest, NothingThatIsLeftOnTheWayEndsTheWait) {
  make_time_wait(true);
  const std::uint32_t next = last_.value();
  send(wire::kRst, next, kTimestamp);
  send(wire::kRst | wire::kAck, next, kTimestamp);
  send(wire::kAck, next - 500, kTimestamp, "old data");
  send(wire::kAck, next, kTimestamp);
  send(wire::kSyn | wire::kAck, next, kTimestamp);
  send(0, next, kTimestamp);
  EXPECT_EQ(server_counters().challenge_acks.get(), 1U) << "for the data";
  send(wire::kSyn, next - 500, kTimestamp - 5);
  EXPECT_EQ(server_counters().challenge_acks.get(), 2U);
  EXPECT_EQ(server_host().stack().time_wait(), 1U);
  run_for(seconds(61));
  EXPECT_EQ(server_host().stack().time_wait(), 0U);
}

// RFC 5961 section 4.2: whoever has begun anew says so.

TEST_F(TimeWaitTest, AResetThatAnswersTheChallengeOfASynEndsTheWait) {
  make_time_wait(true);
  ASSERT_FALSE(reopens(1000, -1));
  send(wire::kRst, last_.value(), kTimestamp - 1);
  EXPECT_EQ(server_host().stack().time_wait(), 0U);
  EXPECT_TRUE(reopens(1000, -1));
}

TEST_F(TimeWaitTest, OnlyAnExactResetAnswersTheChallenge) {
  make_time_wait(true);
  ASSERT_FALSE(reopens(1000, -1));
  send(wire::kRst, last_.value() + 1, kTimestamp);
  send(wire::kRst, last_.value() - 1, kTimestamp);
  EXPECT_EQ(server_host().stack().time_wait(), 1U);
}

TEST_F(TimeWaitTest, AChallengeThatWasNotSentIsNotAnswered) {
  make_time_wait(true, {.challenge_acks_per_second = 0});
  ASSERT_FALSE(reopens(1000, -1));
  EXPECT_EQ(server_counters().challenge_acks_suppressed.get(), 1U);
  send(wire::kRst, last_.value(), kTimestamp);
  EXPECT_EQ(server_host().stack().time_wait(), 1U);
}

TEST_F(TimeWaitTest, ThePeersFinIsAcknowledgedAgainAndTheWaitBegunAnew) {
  make_time_wait(true);
  run_for(seconds(50));
  const int before = from_server_;
  send(wire::kAck | wire::kFin, (last_ - 1U).value(), kTimestamp);
  EXPECT_EQ(from_server_, before + 1);
  run_for(seconds(50));
  EXPECT_EQ(server_host().stack().time_wait(), 1U);
  run_for(seconds(11));
  EXPECT_EQ(server_host().stack().time_wait(), 0U);
}

TEST_F(TimeWaitTest, OldDataIsAnsweredWithinTheWorkersLimit) {
  make_time_wait(true, {.challenge_acks_per_second = 10});
  run_for(seconds(1) - (simulation_->clock().now().time_since_epoch() % seconds(1)));
  const int before = from_server_;
  for (int i = 0; i < 100; ++i) send(wire::kAck, (last_ - 500U).value(), kTimestamp, "old data");
  EXPECT_LE(from_server_ - before, 15);
  EXPECT_EQ(
      server_counters().challenge_acks.get() + server_counters().challenge_acks_suppressed.get(),
      100U);
}

/// Connections that Sluice opens and closes first.
class ReconnectTest : public PairFixture {
 protected:
  static constexpr std::uint16_t kOnlyPort = 20000;

  static StackConfig one_port() {
    return {.first_local_port = kOnlyPort, .last_local_port = kOnlyPort};
  }
  /// Opens, exchanges something and closes first.
  void connect_and_close() {
    acceptor_.prepare = [](Probe& probe) { probe.close_on_end = true; };
    Probe probe;
    establish(probe);
    probe.say("hello", client_host().pool());
    ASSERT_TRUE(eventually([&] { return server().received == "hello"; }));
    probe.close();
    ASSERT_TRUE(eventually([&] {
      return client_host().stack().connections() + server_host().stack().connections() == 0;
    }));
  }
};

TEST_F(ReconnectTest, APortInTimeWaitIsUsedAgainAfterASecond) {
  start(one_port());
  connect_and_close();
  EXPECT_EQ(client_host().stack().time_wait(), 1U);
  const SequenceNumber old = client_next_;
  EXPECT_EQ(client_host().stack().connect(server_endpoint(), client_), nullptr);
  run_for(milliseconds(1001));
  std::optional<SequenceNumber> syn;
  lose = [&](bool from_server, const Segment& segment) {
    if (!from_server && segment.has(wire::kSyn)) syn = segment.sequence;
    return false;
  };
  connect_and_close();
  EXPECT_EQ(client_counters().time_wait_reconnected.get(), 1U);
  ASSERT_TRUE(syn);
  EXPECT_GT(*syn, old + 0xffff);
}

TEST_F(ReconnectTest, FewPortsSufficeForManyConnections) {
  start({.first_local_port = 20000, .last_local_port = 20009});
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 10; ++i) connect_and_close();
    run_for(seconds(1));
  }
  EXPECT_GE(client_counters().time_wait_reconnected.get(), 190U);
  EXPECT_LE(client_host().stack().time_wait(), 10U);
}

TEST_F(ReconnectTest, WithoutTimestampsThePortWaitsItsTime) {
  start(one_port());
  lose = [](bool, const Segment&) { return true; };
  connect(client_);
  SequenceNumber syn;
  lose = [&](bool, const Segment& segment) {
    syn = segment.sequence;
    return true;
  };
  run_for(milliseconds(2));
  const auto answer = [&](std::uint8_t flags, std::uint32_t sequence, std::uint32_t acknowledged) {
    simulation_->inject(server_host(), client_host(),
                        {kPort, kOnlyPort, sequence, (syn + acknowledged).value(), flags, 1000});
    run_for(milliseconds(2));
  };
  const SequenceNumber first = syn;
  answer(wire::kSyn | wire::kAck, 5000, 1);
  ASSERT_TRUE(client_.opened);
  client_.close();
  run_for(milliseconds(2));
  syn = first;
  answer(wire::kFin | wire::kAck, 5001, 2);
  ASSERT_EQ(client_host().stack().time_wait(), 1U);
  run_for(seconds(30));
  EXPECT_EQ(client_host().stack().connect(server_endpoint(), client_), nullptr);
  run_for(seconds(31));
  connect(client_);
  client_.stream->close();
}

// RFC 6056 and RFC 6528: each process has secrets of its own.
TEST(Secrets, PortsAndSequenceNumbersDifferFromProcessToProcess) {
  std::set<std::uint16_t> ports;
  std::set<std::uint32_t> sequences;
  for (int process = 0; process < 16; ++process) {
    testing::Simulation simulation;
    Probe probe;
    simulation.inspect = [&](const testing::SimulatedHost&, const Segment& segment) {
      ports.insert(segment.flow.remote_port);
      sequences.insert(segment.sequence.value());
      return false;
    };
    probe.stream = simulation.client().stack().connect({simulation.server().address(), 80}, probe);
    simulation.run_for(milliseconds(2));
    probe.stream->close();
  }
  EXPECT_GT(ports.size(), 12U);
  EXPECT_EQ(sequences.size(), 16U);
}

// RFC 7323 section 7.1: what follows a process under its addresses may go on where it ended.
TEST(Secrets, WithACommonOriginALaterProcessDoesNotGoBack) {
  SequenceOrigin origin;
  std::optional<SequenceNumber> sequence;
  std::uint32_t timestamp = 0;
  for (int process = 0; process < 16; ++process) {
    testing::Simulation simulation(
        1, {.first_local_port = 20000, .last_local_port = 20000, .sequence_origin = origin});
    Probe probe;
    simulation.inspect = [&](const testing::SimulatedHost&, const Segment& segment) {
      const std::uint32_t value = segment.options.timestamps->value;
      if (sequence) {
        EXPECT_GT(segment.sequence, *sequence);
        EXPECT_GT(static_cast<std::int32_t>(value - timestamp), 0);
      }
      sequence = segment.sequence;
      timestamp = value;
      return false;
    };
    probe.stream = simulation.client().stack().connect({simulation.server().address(), 80}, probe);
    simulation.run_for(milliseconds(2));
    probe.stream->close();
    origin.elapsed += seconds(1);
  }
}

}  // namespace
}  // namespace sluice::tcp
