#include "dataplane/tcp/stack.h"

#include <gtest/gtest.h>

#include "dataplane/tcp/testing/simulation.h"

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Probe;
using testing::ProbeAcceptor;
using testing::sample_text;
using testing::SimulatedHost;
using testing::Simulation;

class StackTest : public ::testing::Test {
 protected:
  static constexpr std::uint16_t kPort = 80;

  void SetUp() override {
    ASSERT_TRUE(simulation.server().stack().listen(server_endpoint(), acceptor));
  }

  wire::Endpoint server_endpoint() { return {simulation.server().address(), kPort}; }

  void connect() {
    client.stream = simulation.client().stack().connect(server_endpoint(), client);
    ASSERT_NE(client.stream, nullptr);
  }
  void establish() {
    connect();
    ASSERT_TRUE(simulation.run_until([&] { return client.opened && !acceptor.accepted.empty(); },
                                     seconds(5)));
  }
  Probe& server() { return *acceptor.accepted.at(0); }
  void say(Probe& probe, std::string_view text, SimulatedHost& host) {
    probe.say(text, host.pool());
  }
  bool eventually(const std::function<bool()>& done, Duration limit = seconds(30)) {
    return simulation.run_until(done, limit);
  }
  bool nothing_left() {
    return simulation.client().stack().connections() == 0 &&
           simulation.server().stack().connections() == 0;
  }
  const Counters& client_counters() { return simulation.client().stack().counters(); }
  const Counters& server_counters() { return simulation.server().stack().counters(); }

  Simulation simulation;
  ProbeAcceptor acceptor;
  Probe client;
};

TEST_F(StackTest, OpensTransfersAndClosesWithTimeWaitAtTheFirstCloser) {
  establish();
  say(client, "request", simulation.client());
  ASSERT_TRUE(eventually([&] { return server().received == "request"; }));
  say(server(), "response", simulation.server());
  ASSERT_TRUE(eventually([&] { return client.received == "response"; }));
  server().close_on_end = true;
  client.close();
  ASSERT_TRUE(eventually([&] { return nothing_left(); }));
  EXPECT_EQ(simulation.client().stack().time_wait(), 1U);
  EXPECT_EQ(simulation.server().stack().time_wait(), 0U);
  simulation.run_for(seconds(61));
  EXPECT_EQ(simulation.client().stack().time_wait(), 0U);
}

TEST_F(StackTest, ResponseAndFinTravelInOneSegment) {
  int fins_with_data = 0;
  simulation.inspect = [&](const SimulatedHost&, const Segment& segment) {
    if (segment.has(wire::kFin) && !segment.payload.empty()) ++fins_with_data;
    return true;
  };
  establish();
  say(client, "request", simulation.client());
  ASSERT_TRUE(eventually([&] { return server().received == "request"; }));
  say(server(), "response", simulation.server());
  server().close();
  client.close_on_end = true;
  ASSERT_TRUE(eventually([&] { return nothing_left(); }));
  EXPECT_EQ(client.received, "response");
  EXPECT_EQ(fins_with_data, 1);
}

TEST_F(StackTest, HalfCloseKeepsTheOtherDirectionOpen) {
  establish();
  client.stream->finish();
  ASSERT_TRUE(eventually([&] { return server().ended; }));
  const std::string text = sample_text(100'000);
  say(server(), text, simulation.server());
  server().close();
  ASSERT_TRUE(eventually([&] { return client.ended; }));
  EXPECT_EQ(client.received, text);
  client.close();
  ASSERT_TRUE(eventually([&] { return nothing_left(); }));
}

TEST_F(StackTest, SimultaneousCloseEndsInTimeWaitOnBothSides) {
  establish();
  client.close();
  server().close();
  ASSERT_TRUE(eventually([&] { return nothing_left(); }));
  EXPECT_EQ(simulation.client().stack().time_wait(), 1U);
  EXPECT_EQ(simulation.server().stack().time_wait(), 1U);
}

TEST_F(StackTest, SimultaneousOpenConnects) {
  // Both sides have sent a SYN from and to the same ports before either sees the other's.
  std::optional<Segment> syn;
  simulation.inspect = [&](const SimulatedHost& sender, const Segment& segment) {
    if (&sender == &simulation.client() && segment.flags == wire::kSyn && !syn) {
      syn.emplace();
      syn->flow = segment.flow;
      syn->sequence = segment.sequence;
      return false;
    }
    return true;
  };
  const wire::Endpoint closed{simulation.server().address(), 81};
  client.stream = simulation.client().stack().connect(closed, client);
  ASSERT_TRUE(eventually([&] { return syn.has_value(); }));
  std::optional<SequenceNumber> acknowledged;
  simulation.inspect = [&](const SimulatedHost& sender, const Segment& segment) {
    if (&sender == &simulation.client() && segment.has(wire::kSyn) && segment.has(wire::kAck)) {
      acknowledged = segment.acknowledgment;
    }
    return false;
  };
  const wire::TcpHeaderFields their_syn{81, syn->flow.remote_port, 5000, 0, wire::kSyn, 1000};
  simulation.inject(simulation.server(), simulation.client(), their_syn);
  ASSERT_TRUE(eventually([&] { return acknowledged.has_value(); }));
  EXPECT_EQ(*acknowledged, SequenceNumber(5001));
  simulation.inject(
      simulation.server(), simulation.client(),
      {81, syn->flow.remote_port, 5001, (syn->sequence + 1).value(), wire::kAck, 1000});
  EXPECT_TRUE(eventually([&] { return client.opened; }));
  client.stream->abort();
}

TEST_F(StackTest, SynToAClosedPortIsRefusedAtOnce) {
  client.stream = simulation.client().stack().connect({simulation.server().address(), 81}, client);
  ASSERT_TRUE(eventually([&] { return client.failure.has_value(); }, milliseconds(50)));
  EXPECT_EQ(client.failure, StreamError::kRefused);
}

TEST_F(StackTest, AnUnansweredSynIsRetriedAndGivenUp) {
  simulation.impairments.loss = 1;
  connect();
  ASSERT_TRUE(eventually([&] { return client.failure.has_value(); }, minutes(5)));
  EXPECT_EQ(client.failure, StreamError::kTimedOut);
  EXPECT_EQ(client_counters().segments_sent.get(), 6U);
}

TEST_F(StackTest, AHandshakeThatIsNotCompletedExpires) {
  simulation.inspect = [&](const SimulatedHost& sender, const Segment&) {
    return &sender == &simulation.client() || sender.address() != simulation.server().address();
  };
  connect();
  simulation.run_for(milliseconds(100));
  EXPECT_EQ(simulation.server().stack().half_open(), 1U);
  client.stream->close();
  simulation.run_for(minutes(3));
  EXPECT_EQ(simulation.server().stack().half_open(), 0U);
  EXPECT_EQ(server_counters().half_open_expired.get(), 1U);
}

TEST_F(StackTest, NoBufferIsHeldBeforeTheHandshakeCompletes) {
  simulation.inspect = [&](const SimulatedHost& sender, const Segment&) {
    return &sender != &simulation.server();
  };
  std::vector<std::unique_ptr<Probe>> probes;
  for (int i = 0; i < 500; ++i) {
    Probe& probe = *probes.emplace_back(std::make_unique<Probe>());
    probe.stream = simulation.client().stack().connect(server_endpoint(), probe);
  }
  simulation.run_for(milliseconds(20));
  EXPECT_EQ(simulation.server().stack().half_open(), 500U);
  EXPECT_EQ(simulation.server().pool().available(), simulation.server().pool().capacity());
  for (auto& probe : probes) probe->stream->close();
}

TEST_F(StackTest, ARefusedAcceptIsReset) {
  acceptor.refuse = true;
  connect();
  ASSERT_TRUE(eventually([&] { return client.failure.has_value(); }));
  EXPECT_EQ(client.failure, StreamError::kReset);
  ASSERT_TRUE(eventually([&] { return nothing_left(); }));
}

TEST_F(StackTest, AbortResetsThePeer) {
  establish();
  client.stream->abort();
  ASSERT_TRUE(eventually([&] { return server().failure.has_value(); }));
  EXPECT_EQ(server().failure, StreamError::kReset);
}

TEST_F(StackTest, DataAfterCloseIsAnsweredWithAReset) {
  establish();
  client.close();
  say(server(), "nobody reads this", simulation.server());
  ASSERT_TRUE(eventually([&] { return server().failure.has_value(); }));
  EXPECT_EQ(server().failure, StreamError::kReset);
  EXPECT_TRUE(nothing_left());
}

TEST_F(StackTest, AWindowThatIsNotConsumedStopsTheSenderAndOpensAgain) {
  establish();
  server().consume_at_once = false;
  const std::string text = sample_text(1'000'000);
  std::size_t sent = 0;
  while (sent < text.size()) {
    say(client, std::string_view(text).substr(sent, 100'000), simulation.client());
    sent += 100'000;
    simulation.run_for(milliseconds(50));
  }
  simulation.run_for(seconds(20));
  const std::size_t held = server().received.size();
  EXPECT_LE(held, 256U * 1024U + 1);
  EXPECT_GT(client_counters().zero_window_probes.get(), 1U);
  server().consume_at_once = true;
  server().stream->consume(held);
  ASSERT_TRUE(eventually([&] { return server().received.size() == text.size(); }));
  EXPECT_EQ(server().received, text);
}

TEST_F(StackTest, ReadersThatHoldTheirBytesLeaveBuffersForNewConnections) {
  acceptor.prepare = [](Probe& probe) { probe.consume_at_once = false; };
  std::vector<std::unique_ptr<Probe>> hogs;
  for (int i = 0; i < 100; ++i) {
    Probe& hog = *hogs.emplace_back(std::make_unique<Probe>());
    hog.stream = simulation.client().stack().connect(server_endpoint(), hog);
  }
  simulation.run_for(milliseconds(100));
  // More than the server's buffers in all, sent before any window could shrink.
  for (auto& hog : hogs) say(*hog, sample_text(60'000), simulation.client());
  simulation.run_for(seconds(5));
  EXPECT_GT(simulation.server().pool().available(), simulation.server().pool().capacity() / 4);
  acceptor.prepare = nullptr;
  establish();
  say(client, "still served", simulation.client());
  EXPECT_TRUE(eventually([&] { return acceptor.accepted.back()->received == "still served"; }));
}

TEST_F(StackTest, ALostWindowUpdateIsFoundByProbing) {
  establish();
  server().consume_at_once = false;
  const std::string text = sample_text(400'000);
  say(client, text, simulation.client());
  ASSERT_TRUE(eventually([&] { return server().received.size() >= 150U * 1024U; }));
  simulation.run_for(milliseconds(100));
  simulation.impairments.loss = 1;
  server().consume_at_once = true;
  server().stream->consume(server().received.size());
  simulation.run_for(milliseconds(10));
  simulation.impairments.loss = 0;
  ASSERT_TRUE(eventually([&] { return server().received.size() == text.size(); }));
}

TEST_F(StackTest, ThreeDuplicateAcksRepairALossWithoutATimeout) {
  establish();
  int data_segments = 0;
  simulation.inspect = [&](const SimulatedHost& sender, const Segment& segment) {
    const bool data = &sender == &simulation.client() && !segment.payload.empty();
    return !data || ++data_segments != 5;
  };
  const std::string text = sample_text(40'000);
  say(client, text, simulation.client());
  ASSERT_TRUE(eventually([&] { return server().received.size() == text.size(); }, seconds(1)));
  EXPECT_EQ(server().received, text);
  EXPECT_EQ(client_counters().fast_retransmits.get(), 1U);
  EXPECT_EQ(client_counters().retransmission_timeouts.get(), 0U);
}

TEST_F(StackTest, ALostTailIsRepairedByTheTimer) {
  establish();
  int losses = 2;
  simulation.inspect = [&](const SimulatedHost& sender, const Segment& segment) {
    const bool data = &sender == &simulation.client() && !segment.payload.empty();
    return !data || losses-- <= 0;
  };
  say(client, "tail", simulation.client());
  ASSERT_TRUE(eventually([&] { return server().received == "tail"; }));
  EXPECT_EQ(client_counters().retransmission_timeouts.get(), 2U);
}

TEST_F(StackTest, APeerThatStopsAcknowledgingIsGivenUp) {
  establish();
  simulation.impairments.loss = 1;
  say(client, "anyone there?", simulation.client());
  ASSERT_TRUE(eventually([&] { return client.failure.has_value(); }, minutes(5)));
  EXPECT_EQ(client.failure, StreamError::kTimedOut);
}

TEST_F(StackTest, AnOrphanWhosePeerNeverFinishesIsForgotten) {
  establish();
  client.close();
  simulation.run_for(seconds(5));
  EXPECT_EQ(simulation.client().stack().connections(), 1U);
  simulation.run_for(seconds(120));
  EXPECT_EQ(simulation.client().stack().connections(), 0U);
}

TEST_F(StackTest, AcknowledgedBytesAddUpExactly) {
  simulation.impairments.loss = 0.05;
  establish();
  const std::string text = sample_text(300'000);
  say(client, text, simulation.client());
  ASSERT_TRUE(eventually([&] { return client.acknowledged == text.size(); }, minutes(10)));
  EXPECT_EQ(client.stream->unacknowledged(), 0U);
}

TEST_F(StackTest, OneAckCoversABurst) {
  establish();
  simulation.run_for(seconds(1));
  const std::uint64_t before = server_counters().segments_sent.get();
  say(client, sample_text(10 * 1448), simulation.client());
  ASSERT_TRUE(eventually([&] { return server().received.size() == 10 * 1448U; }));
  simulation.run_for(milliseconds(1));
  // The ten segments arrive at one instant but one by one; every second is acknowledged at most.
  EXPECT_LE(server_counters().segments_sent.get() - before, 5U);
}

TEST_F(StackTest, ALoneSegmentIsAcknowledgedByTheDelayedAckTimer) {
  establish();
  say(client, "the first one opens the window further than the SYN could tell",
      simulation.client());
  simulation.run_for(seconds(1));
  client.acknowledged = 0;
  say(client, "x", simulation.client());
  ASSERT_TRUE(eventually([&] { return client.acknowledged == 1; }, milliseconds(100)));
  EXPECT_EQ(server_counters().delayed_acks_sent.get(), 1U);
}

TEST_F(StackTest, TheHandlerMayAbortInsideOnData) {
  acceptor.prepare = [](Probe& probe) {
    probe.on_data_hook = [&probe] { std::exchange(probe.stream, nullptr)->abort(); };
  };
  establish();
  say(client, sample_text(50'000), simulation.client());
  ASSERT_TRUE(eventually([&] { return client.failure.has_value(); }));
  EXPECT_TRUE(nothing_left());
}

TEST_F(StackTest, CutsLargeSegmentsWhereThePortDoes) {
  simulation.client().offloads = {
      .transmit_checksum = true, .segmentation = true, .multi_segment = true};
  establish();
  const std::string text = sample_text(500'000);
  say(client, text, simulation.client());
  client.close();
  ASSERT_TRUE(eventually([&] { return server().ended; }));
  EXPECT_EQ(server().received, text);
  EXPECT_LT(client_counters().segments_sent.get(), 200U);
}

TEST_F(StackTest, StopListeningRefusesNewConnectionsOnly) {
  establish();
  simulation.server().stack().stop_listening(server_endpoint());
  Probe second;
  second.stream = simulation.client().stack().connect(server_endpoint(), second);
  ASSERT_TRUE(eventually([&] { return second.failure.has_value(); }));
  say(client, "still here", simulation.client());
  EXPECT_TRUE(eventually([&] { return server().received == "still here"; }));
}

// RFC 6191 and RFC 1122 section 4.2.2.13.
class TimeWaitTest : public StackTest {
 protected:
  void SetUp() override {
    StackTest::SetUp();
    simulation.inspect = [this](const SimulatedHost& sender, const Segment& segment) {
      if (&sender == &simulation.server()) {
        peer_next = segment.acknowledgment;
        if (segment.has(wire::kSyn) && segment.has(wire::kAck)) ++syn_acks;
      }
      return true;
    };
    establish();
    port = client.stream->local().port;
    client.close_on_end = true;
    server().close();
    ASSERT_TRUE(eventually([this] { return nothing_left(); }));
    ASSERT_EQ(simulation.server().stack().time_wait(), 1U);
    syn_acks = 0;
  }
  void send_syn(SequenceNumber sequence, const wire::TcpOptions& options = {}) {
    simulation.inject(simulation.client(), simulation.server(),
                      {port, kPort, sequence.value(), 0, wire::kSyn, 1000}, {}, options);
    simulation.run_for(milliseconds(2));
  }

  std::uint16_t port = 0;
  SequenceNumber peer_next;
  int syn_acks = 0;
};

TEST_F(TimeWaitTest, ASynWithALaterSequenceNumberTakesThePairOver) {
  send_syn(peer_next + 1000);
  EXPECT_EQ(syn_acks, 1);
  EXPECT_EQ(server_counters().time_wait_reused.get(), 1U);
}

TEST_F(TimeWaitTest, AnOldSynIsOnlyAcknowledged) {
  send_syn(peer_next - 1000U);
  EXPECT_EQ(syn_acks, 0);
  EXPECT_EQ(simulation.server().stack().time_wait(), 1U);
}

TEST_F(TimeWaitTest, ALaterTimestampOutweighsAnOldSequenceNumber) {
  wire::TcpOptions options;
  options.timestamps = {{0, 0}};
  // The peer's timestamps are offset by a secret of its own; one of the two halves is later.
  send_syn(peer_next - 1000U, options);
  options.timestamps->value = 0x80000000;
  send_syn(peer_next - 1000U, options);
  EXPECT_GE(syn_acks, 1);
}

TEST_F(TimeWaitTest, AResetDoesNotEndTheWait) {
  simulation.inject(simulation.client(), simulation.server(),
                    {port, kPort, peer_next.value(), 0, wire::kRst, 0});
  simulation.run_for(milliseconds(2));
  EXPECT_EQ(simulation.server().stack().time_wait(), 1U);
}

TEST_F(StackTest, ManyConnectionsLeaveNothingBehind) {
  acceptor.prepare = [](Probe& probe) { probe.close_on_end = true; };
  for (int round = 0; round < 20; ++round) {
    std::vector<std::unique_ptr<Probe>> probes;
    for (int i = 0; i < 100; ++i) {
      Probe& probe = *probes.emplace_back(std::make_unique<Probe>());
      probe.stream = simulation.client().stack().connect(server_endpoint(), probe);
      ASSERT_NE(probe.stream, nullptr);
      say(probe, "hello", simulation.client());
      probe.stream->finish();
      probe.close_on_end = true;
    }
    ASSERT_TRUE(eventually([&] { return nothing_left(); }));
    acceptor.accepted.clear();
  }
  EXPECT_EQ(server_counters().connections_accepted.get(), 2000U);
  simulation.run_for(seconds(70));
  EXPECT_EQ(simulation.client().stack().time_wait(), 0U);
  EXPECT_EQ(simulation.server().stack().half_open(), 0U);
}

// RFC 5961.

TEST_F(StackTest, AResetInsideTheWindowButNotExactIsChallenged) {
  establish();
  const wire::Endpoint peer = client.stream->local();
  SequenceNumber next;
  simulation.inspect = [&](const SimulatedHost& sender, const Segment& segment) {
    if (&sender == &simulation.server()) next = segment.acknowledgment;
    return true;
  };
  say(client, "x", simulation.client());
  ASSERT_TRUE(eventually([&] { return client.acknowledged == 1; }));
  simulation.inject(simulation.client(), simulation.server(),
                    {peer.port, kPort, (next + 10).value(), 0, wire::kRst, 0});
  simulation.run_for(milliseconds(50));
  EXPECT_FALSE(server().failure);
  EXPECT_EQ(server_counters().challenge_acks.get(), 1U);
  simulation.inject(simulation.client(), simulation.server(),
                    {peer.port, kPort, next.value(), 0, wire::kRst, 0});
  simulation.run_for(milliseconds(50));
  EXPECT_EQ(server().failure, StreamError::kReset);
}

TEST_F(StackTest, ASynInAnOpenConnectionIsChallenged) {
  establish();
  const wire::Endpoint peer = client.stream->local();
  wire::TcpOptions options;
  options.timestamps = {{0x70000000, 0}};
  simulation.inject(simulation.client(), simulation.server(),
                    {peer.port, kPort, 12345, 0, wire::kSyn, 0}, {}, options);
  simulation.run_for(milliseconds(50));
  EXPECT_FALSE(server().failure);
  say(client, "alive", simulation.client());
  EXPECT_TRUE(eventually([&] { return server().received == "alive"; }));
}

}  // namespace
}  // namespace sluice::tcp
