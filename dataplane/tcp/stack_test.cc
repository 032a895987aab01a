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
    ASSERT_TRUE(simulation_.server().stack().listen(server_endpoint(), acceptor_));
  }

  wire::Endpoint server_endpoint() { return {simulation_.server().address(), kPort}; }

  void connect() {
    client_.stream = simulation_.client().stack().connect(server_endpoint(), client_);
    ASSERT_NE(client_.stream, nullptr);
  }
  void establish() {
    connect();
    ASSERT_TRUE(simulation_.run_until([&] { return client_.opened && !acceptor_.accepted.empty(); },
                                      seconds(5)));
  }
  Probe& server() { return *acceptor_.accepted.at(0); }
  void say(Probe& probe, std::string_view text, SimulatedHost& host) {
    probe.say(text, host.pool());
  }
  bool eventually(const std::function<bool()>& done, Duration limit = seconds(30)) {
    return simulation_.run_until(done, limit);
  }
  bool nothing_left() {
    return simulation_.client().stack().connections() == 0 &&
           simulation_.server().stack().connections() == 0;
  }
  const Counters& client_counters() { return simulation_.client().stack().counters(); }
  const Counters& server_counters() { return simulation_.server().stack().counters(); }

  Simulation simulation_;
  ProbeAcceptor acceptor_;
  Probe client_;
};

TEST_F(StackTest, OpensTransfersAndClosesWithTimeWaitAtTheFirstCloser) {
  establish();
  say(client_, "request", simulation_.client());
  ASSERT_TRUE(eventually([&] { return server().received == "request"; }));
  say(server(), "response", simulation_.server());
  ASSERT_TRUE(eventually([&] { return client_.received == "response"; }));
  server().close_on_end = true;
  client_.close();
  ASSERT_TRUE(eventually([&] { return nothing_left(); }));
  EXPECT_EQ(simulation_.client().stack().time_wait(), 1U);
  EXPECT_EQ(simulation_.server().stack().time_wait(), 0U);
  simulation_.run_for(seconds(61));
  EXPECT_EQ(simulation_.client().stack().time_wait(), 0U);
}

TEST_F(StackTest, ResponseAndFinTravelInOneSegment) {
  int fins_with_data = 0;
  simulation_.inspect = [&](const SimulatedHost&, const Segment& segment) {
    if (segment.has(wire::kFin) && !segment.payload.empty()) ++fins_with_data;
    return true;
  };
  establish();
  say(client_, "request", simulation_.client());
  ASSERT_TRUE(eventually([&] { return server().received == "request"; }));
  say(server(), "response", simulation_.server());
  server().close();
  client_.close_on_end = true;
  ASSERT_TRUE(eventually([&] { return nothing_left(); }));
  EXPECT_EQ(client_.received, "response");
  EXPECT_EQ(fins_with_data, 1);
}

TEST_F(StackTest, HalfCloseKeepsTheOtherDirectionOpen) {
  establish();
  client_.stream->finish();
  ASSERT_TRUE(eventually([&] { return server().ended; }));
  const std::string text = sample_text(100'000);
  say(server(), text, simulation_.server());
  server().close();
  ASSERT_TRUE(eventually([&] { return client_.ended; }));
  EXPECT_EQ(client_.received, text);
  client_.close();
  ASSERT_TRUE(eventually([&] { return nothing_left(); }));
}

TEST_F(StackTest, SimultaneousCloseEndsInTimeWaitOnBothSides) {
  establish();
  client_.close();
  server().close();
  ASSERT_TRUE(eventually([&] { return nothing_left(); }));
  EXPECT_EQ(simulation_.client().stack().time_wait(), 1U);
  EXPECT_EQ(simulation_.server().stack().time_wait(), 1U);
}

TEST_F(StackTest, SimultaneousOpenConnects) {
  // Both sides have sent a SYN from and to the same ports before either sees the other's.
  std::optional<Segment> syn;
  simulation_.inspect = [&](const SimulatedHost& sender, const Segment& segment) {
    if (&sender == &simulation_.client() && segment.flags == wire::kSyn && !syn) {
      syn.emplace();
      syn->flow = segment.flow;
      syn->sequence = segment.sequence;
      return false;
    }
    return true;
  };
  const wire::Endpoint closed{simulation_.server().address(), 81};
  client_.stream = simulation_.client().stack().connect(closed, client_);
  ASSERT_TRUE(eventually([&] { return syn.has_value(); }));
  std::optional<SequenceNumber> acknowledged;
  simulation_.inspect = [&](const SimulatedHost& sender, const Segment& segment) {
    if (&sender == &simulation_.client() && segment.has(wire::kSyn) && segment.has(wire::kAck)) {
      acknowledged = segment.acknowledgment;
    }
    return false;
  };
  const wire::TcpHeaderFields their_syn{81, syn->flow.remote_port, 5000, 0, wire::kSyn, 1000};
  simulation_.inject(simulation_.server(), simulation_.client(), their_syn);
  ASSERT_TRUE(eventually([&] { return acknowledged.has_value(); }));
  EXPECT_EQ(*acknowledged, SequenceNumber(5001));
  simulation_.inject(
      simulation_.server(), simulation_.client(),
      {81, syn->flow.remote_port, 5001, (syn->sequence + 1).value(), wire::kAck, 1000});
  EXPECT_TRUE(eventually([&] { return client_.opened; }));
  client_.stream->abort();
}

TEST_F(StackTest, ASimultaneousOpenThatIsNeverCompletedIsGivenUp) {
  SequenceNumber ours;
  std::uint16_t port = 0;
  int syn_acks = 0;
  simulation_.inspect = [&](const SimulatedHost&, const Segment& segment) {
    if (segment.has(wire::kSyn)) {
      ours = segment.sequence;
      port = segment.flow.remote_port;
      if (segment.has(wire::kAck)) ++syn_acks;
    }
    return false;
  };
  client_.stream =
      simulation_.client().stack().connect({simulation_.server().address(), 81}, client_);
  ASSERT_TRUE(eventually([&] { return port != 0; }));
  simulation_.inject(simulation_.server(), simulation_.client(),
                     {81, port, 5000, 0, wire::kSyn, 1000});
  ASSERT_TRUE(eventually([&] { return client_.failure.has_value(); }, minutes(5)));
  EXPECT_EQ(client_.failure, StreamError::kTimedOut);
  EXPECT_EQ(syn_acks, 6);
  EXPECT_TRUE(nothing_left());
}

TEST_F(StackTest, SynToAClosedPortIsRefusedAtOnce) {
  client_.stream =
      simulation_.client().stack().connect({simulation_.server().address(), 81}, client_);
  ASSERT_TRUE(eventually([&] { return client_.failure.has_value(); }, milliseconds(50)));
  EXPECT_EQ(client_.failure, StreamError::kRefused);
}

TEST_F(StackTest, AnUnansweredSynIsRetriedAndGivenUp) {
  simulation_.impairments.loss = 1;
  connect();
  ASSERT_TRUE(eventually([&] { return client_.failure.has_value(); }, minutes(5)));
  EXPECT_EQ(client_.failure, StreamError::kTimedOut);
  EXPECT_EQ(client_counters().segments_sent.get(), 6U);
}

TEST_F(StackTest, AHandshakeThatIsNotCompletedExpires) {
  simulation_.inspect = [&](const SimulatedHost& sender, const Segment&) {
    return &sender == &simulation_.client() || sender.address() != simulation_.server().address();
  };
  connect();
  simulation_.run_for(milliseconds(100));
  EXPECT_EQ(simulation_.server().stack().half_open(), 1U);
  client_.stream->close();
  simulation_.run_for(minutes(3));
  EXPECT_EQ(simulation_.server().stack().half_open(), 0U);
  EXPECT_EQ(server_counters().half_open_expired.get(), 1U);
}

TEST_F(StackTest, NoBufferIsHeldBeforeTheHandshakeCompletes) {
  simulation_.inspect = [&](const SimulatedHost& sender, const Segment&) {
    return &sender != &simulation_.server();
  };
  std::vector<std::unique_ptr<Probe>> probes;
  for (int i = 0; i < 500; ++i) {
    Probe& probe = *probes.emplace_back(std::make_unique<Probe>());
    probe.stream = simulation_.client().stack().connect(server_endpoint(), probe);
  }
  simulation_.run_for(milliseconds(20));
  EXPECT_EQ(simulation_.server().stack().half_open(), 500U);
  EXPECT_EQ(simulation_.server().pool().available(), simulation_.server().pool().capacity());
  for (auto& probe : probes) probe->stream->close();
}

TEST_F(StackTest, ARefusedAcceptIsReset) {
  acceptor_.refuse = true;
  connect();
  ASSERT_TRUE(eventually([&] { return client_.failure.has_value(); }));
  EXPECT_EQ(client_.failure, StreamError::kReset);
  ASSERT_TRUE(eventually([&] { return nothing_left(); }));
}

TEST_F(StackTest, AbortResetsThePeer) {
  establish();
  client_.stream->abort();
  ASSERT_TRUE(eventually([&] { return server().failure.has_value(); }));
  EXPECT_EQ(server().failure, StreamError::kReset);
}

TEST_F(StackTest, AConnectionThatIsShutDownTellsBothItsEnds) {
  establish();
  tcp::Stack& stack = simulation_.server().stack();
  for (std::uint32_t place = 0; place < stack.connection_places(); ++place) stack.shut_down(place);
  EXPECT_EQ(server().failure, StreamError::kShutDown);
  ASSERT_TRUE(eventually([&] { return client_.failure.has_value(); }));
  EXPECT_EQ(client_.failure, StreamError::kReset);
  ASSERT_TRUE(eventually([&] { return nothing_left(); }));
}

TEST_F(StackTest, DataAfterCloseIsAnsweredWithAReset) {
  establish();
  client_.close();
  say(server(), "nobody reads this", simulation_.server());
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
    say(client_, std::string_view(text).substr(sent, 100'000), simulation_.client());
    sent += 100'000;
    simulation_.run_for(milliseconds(50));
  }
  simulation_.run_for(seconds(20));
  const std::size_t held = server().received.size();
  EXPECT_LE(held, 256U * 1024U + 1);
  EXPECT_GT(client_counters().zero_window_probes.get(), 1U);
  server().consume_at_once = true;
  server().stream->consume(held);
  ASSERT_TRUE(eventually([&] { return server().received.size() == text.size(); }));
  EXPECT_EQ(server().received, text);
}

TEST_F(StackTest, ReadersThatHoldTheirBytesLeaveBuffersForNewConnections) {
  acceptor_.prepare = [](Probe& probe) { probe.consume_at_once = false; };
  std::vector<std::unique_ptr<Probe>> hogs;
  for (int i = 0; i < 100; ++i) {
    Probe& hog = *hogs.emplace_back(std::make_unique<Probe>());
    hog.stream = simulation_.client().stack().connect(server_endpoint(), hog);
  }
  simulation_.run_for(milliseconds(100));
  // More than the server's buffers in all, sent before any window could shrink.
  for (auto& hog : hogs) say(*hog, sample_text(60'000), simulation_.client());
  simulation_.run_for(seconds(5));
  EXPECT_GT(simulation_.server().pool().available(), simulation_.server().pool().capacity() / 4);
  acceptor_.prepare = nullptr;
  establish();
  say(client_, "still served", simulation_.client());
  EXPECT_TRUE(eventually([&] { return acceptor_.accepted.back()->received == "still served"; }));
}

TEST_F(StackTest, ALostWindowUpdateIsFoundByProbing) {
  establish();
  server().consume_at_once = false;
  const std::string text = sample_text(400'000);
  say(client_, text, simulation_.client());
  ASSERT_TRUE(eventually([&] { return server().received.size() >= 60'000U; }));
  simulation_.run_for(milliseconds(100));
  simulation_.impairments.loss = 1;
  server().consume_at_once = true;
  server().stream->consume(server().received.size());
  simulation_.run_for(milliseconds(10));
  simulation_.impairments.loss = 0;
  ASSERT_TRUE(eventually([&] { return server().received.size() == text.size(); }));
}

TEST_F(StackTest, ThreeDuplicateAcksRepairALossWithoutATimeout) {
  establish();
  int data_segments = 0;
  simulation_.inspect = [&](const SimulatedHost& sender, const Segment& segment) {
    const bool data = &sender == &simulation_.client() && !segment.payload.empty();
    return !data || ++data_segments != 5;
  };
  const std::string text = sample_text(40'000);
  say(client_, text, simulation_.client());
  ASSERT_TRUE(eventually([&] { return server().received.size() == text.size(); }, seconds(1)));
  EXPECT_EQ(server().received, text);
  EXPECT_EQ(client_counters().fast_retransmits.get(), 1U);
  EXPECT_EQ(client_counters().retransmission_timeouts.get(), 0U);
}

TEST_F(StackTest, ALostTailIsRepairedByAProbeAndThenByTheTimer) {
  establish();
  int losses = 2;
  simulation_.inspect = [&](const SimulatedHost& sender, const Segment& segment) {
    const bool data = &sender == &simulation_.client() && !segment.payload.empty();
    return !data || losses-- <= 0;
  };
  say(client_, "tail", simulation_.client());
  ASSERT_TRUE(eventually([&] { return server().received == "tail"; }));
  EXPECT_EQ(client_counters().tlp_probes.get(), 1U);
  EXPECT_EQ(client_counters().retransmission_timeouts.get(), 1U);
}

TEST_F(StackTest, APeerThatStopsAcknowledgingIsGivenUp) {
  establish();
  simulation_.impairments.loss = 1;
  say(client_, "anyone there?", simulation_.client());
  ASSERT_TRUE(eventually([&] { return client_.failure.has_value(); }, minutes(5)));
  EXPECT_EQ(client_.failure, StreamError::kTimedOut);
}

TEST_F(StackTest, AnOrphanWhosePeerNeverFinishesIsForgotten) {
  establish();
  client_.close();
  simulation_.run_for(seconds(5));
  EXPECT_EQ(simulation_.client().stack().connections(), 1U);
  simulation_.run_for(seconds(120));
  EXPECT_EQ(simulation_.client().stack().connections(), 0U);
}

TEST_F(StackTest, AcknowledgedBytesAddUpExactly) {
  simulation_.impairments.loss = 0.05;
  establish();
  const std::string text = sample_text(300'000);
  say(client_, text, simulation_.client());
  ASSERT_TRUE(eventually([&] { return client_.acknowledged == text.size(); }, minutes(10)));
  EXPECT_EQ(client_.stream->unacknowledged(), 0U);
}

TEST_F(StackTest, OneAckCoversABurst) {
  establish();
  simulation_.run_for(seconds(1));
  const std::uint64_t before = server_counters().segments_sent.get();
  say(client_, sample_text(14480), simulation_.client());
  ASSERT_TRUE(eventually([&] { return server().received.size() == 14480U; }));
  simulation_.run_for(milliseconds(1));
  // The ten segments arrive at one instant but one by one; every second is acknowledged at most.
  EXPECT_LE(server_counters().segments_sent.get() - before, 5U);
}

TEST_F(StackTest, ALoneSegmentIsAcknowledgedByTheDelayedAckTimer) {
  establish();
  simulation_.run_for(seconds(1));
  say(client_, "x", simulation_.client());
  ASSERT_TRUE(eventually([&] { return client_.acknowledged == 1; }, milliseconds(100)));
  EXPECT_EQ(server_counters().delayed_acks_sent.get(), 1U);
}

TEST_F(StackTest, TheHandlerMayAbortInsideOnData) {
  acceptor_.prepare = [](Probe& probe) {
    probe.on_data_hook = [&probe] { std::exchange(probe.stream, nullptr)->abort(); };
  };
  establish();
  say(client_, sample_text(50'000), simulation_.client());
  ASSERT_TRUE(eventually([&] { return client_.failure.has_value(); }));
  EXPECT_TRUE(nothing_left());
}

TEST_F(StackTest, CutsLargeSegmentsWhereThePortDoes) {
  simulation_.client().offloads = {
      .transmit_checksum = true, .segmentation = true, .multi_segment = true};
  establish();
  const std::string text = sample_text(500'000);
  say(client_, text, simulation_.client());
  client_.close();
  ASSERT_TRUE(eventually([&] { return server().ended; }));
  EXPECT_EQ(server().received, text);
  EXPECT_LT(client_counters().segments_sent.get(), 200U);
}

TEST_F(StackTest, StopListeningRefusesNewConnectionsOnly) {
  establish();
  simulation_.server().stack().stop_listening(server_endpoint());
  Probe second;
  second.stream = simulation_.client().stack().connect(server_endpoint(), second);
  ASSERT_TRUE(eventually([&] { return second.failure.has_value(); }));
  say(client_, "still here", simulation_.client());
  EXPECT_TRUE(eventually([&] { return server().received == "still here"; }));
}

TEST_F(StackTest, ManyConnectionsLeaveNothingBehind) {
  acceptor_.prepare = [](Probe& probe) { probe.close_on_end = true; };
  for (int round = 0; round < 20; ++round) {
    std::vector<std::unique_ptr<Probe>> probes;
    for (int i = 0; i < 100; ++i) {
      Probe& probe = *probes.emplace_back(std::make_unique<Probe>());
      probe.stream = simulation_.client().stack().connect(server_endpoint(), probe);
      ASSERT_NE(probe.stream, nullptr);
      say(probe, "hello", simulation_.client());
      probe.stream->finish();
      probe.close_on_end = true;
    }
    ASSERT_TRUE(eventually([&] { return nothing_left(); }));
    acceptor_.accepted.clear();
  }
  EXPECT_EQ(server_counters().connections_accepted.get(), 2000U);
  simulation_.run_for(seconds(70));
  EXPECT_EQ(simulation_.client().stack().time_wait(), 0U);
  EXPECT_EQ(simulation_.server().stack().half_open(), 0U);
}

// RFC 5961.

TEST_F(StackTest, AResetInsideTheWindowButNotExactIsChallenged) {
  establish();
  const wire::Endpoint peer = client_.stream->local();
  SequenceNumber next;
  simulation_.inspect = [&](const SimulatedHost& sender, const Segment& segment) {
    if (&sender == &simulation_.server()) next = segment.acknowledgment;
    return true;
  };
  say(client_, "x", simulation_.client());
  ASSERT_TRUE(eventually([&] { return client_.acknowledged == 1; }));
  simulation_.inject(simulation_.client(), simulation_.server(),
                     {peer.port, kPort, (next + 10).value(), 0, wire::kRst, 0});
  simulation_.run_for(milliseconds(50));
  EXPECT_FALSE(server().failure);
  EXPECT_EQ(server_counters().challenge_acks.get(), 1U);
  simulation_.inject(simulation_.client(), simulation_.server(),
                     {peer.port, kPort, next.value(), 0, wire::kRst, 0});
  simulation_.run_for(milliseconds(50));
  EXPECT_EQ(server().failure, StreamError::kReset);
}

TEST_F(StackTest, ASynInAnOpenConnectionIsChallenged) {
  establish();
  const wire::Endpoint peer = client_.stream->local();
  wire::TcpOptions options;
  options.timestamps = {{0x70000000, 0}};
  simulation_.inject(simulation_.client(), simulation_.server(),
                     {peer.port, kPort, 12345, 0, wire::kSyn, 0}, {}, options);
  simulation_.run_for(milliseconds(50));
  EXPECT_FALSE(server().failure);
  say(client_, "alive", simulation_.client());
  EXPECT_TRUE(eventually([&] { return server().received == "alive"; }));
}

}  // namespace
}  // namespace sluice::tcp
