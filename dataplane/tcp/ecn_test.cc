// Explicit congestion notification (RFC 3168): who agrees to it, what may be marked, and what both
// ends make of a mark.
#include "dataplane/tcp/ecn.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "dataplane/tcp/recovery/recovery.h"
#include "dataplane/tcp/testing/pair_fixture.h"

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Family;
using testing::PairFixture;
using testing::Probe;
using testing::sample_text;
using wire::Ecn;

constexpr std::uint8_t kEcnFlags = wire::kEce | wire::kCwr;
constexpr std::size_t kMss = 1448;

class EcnTest : public PairFixture {
 protected:
  struct Seen {
    bool from_server;
    std::uint8_t flags;
    Ecn ecn;
    SequenceNumber sequence;
    SequenceNumber end;
    std::size_t payload;

    [[nodiscard]] bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
  };

  /// Both ends ask for it, unless the server is told otherwise.
  void begin(StackConfig client = {}, std::optional<StackConfig> server = {},
             Family family = Family::kIPv4) {
    client.ecn = EcnUse::kRequest;
    begin_as(client, server, family);
  }
  void begin_as(const StackConfig& client, std::optional<StackConfig> server = {},
                Family family = Family::kIPv4) {
    lose = [this](bool from_server, const Segment& segment) {
      seen_.push_back({from_server, segment.flags, segment.ecn, segment.sequence, segment.end(),
                       segment.payload.size()});
      if (marks_left_) {
        const bool next = segment.ecn != Ecn::kNotCapable && *marks_left_ > 0;
        simulation_->impairments.marking = next ? 1 : 0;
        if (next) --*marks_left_;
      }
      return lose_this && lose_this(from_server, segment);
    };
    start(client, family, server);
  }

  void say(std::size_t bytes) { client_.say(sample_text(bytes), client_host().pool()); }
  void say_back(std::size_t bytes) { server().say(sample_text(bytes), server_host().pool()); }
  /// Sends so much, and waits until it is acknowledged.
  void transfer(std::size_t bytes) {
    client_.acknowledged = 0;
    say(bytes);
    ASSERT_TRUE(eventually([&] { return client_.acknowledged == bytes; }));
  }
  /// The link marks the next packets that may be marked, and no others.
  void mark_next(int packets) { marks_left_ = packets; }

  template <typename Which>
  [[nodiscard]] std::size_t count(bool from_server, Which which) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        seen_, [&](const Seen& one) { return one.from_server == from_server && which(one); }));
  }
  [[nodiscard]] std::size_t count_flag(bool from_server, std::uint8_t flag) const {
    return count(from_server, [&](const Seen& one) { return one.has(flag); });
  }
  /// Segments that may be marked.
  [[nodiscard]] std::size_t markable(bool from_server) const {
    return count(from_server, [](const Seen& one) { return one.ecn != Ecn::kNotCapable; });
  }

  std::function<bool(bool from_server, const Segment& segment)> lose_this;
  std::vector<Seen> seen_;

 private:
  std::optional<int> marks_left_;
};

// RFC 3168 section 6.1.1: negotiation.

class EcnNegotiationTest : public EcnTest,
                           public ::testing::WithParamInterface<std::tuple<EcnUse, EcnUse, bool>> {
};

TEST_P(EcnNegotiationTest, IsAgreedWhenOneAsksAndTheOtherAccepts) {
  const auto [client, server_use, v6] = GetParam();
  StackConfig client_config;
  client_config.ecn = client;
  StackConfig server_config;
  server_config.ecn = server_use;
  begin_as(client_config, server_config, v6 ? Family::kIPv6 : Family::kIPv4);
  establish();
  transfer(20 * kMss);
  say_back(20 * kMss);
  ASSERT_TRUE(eventually([&] { return server().acknowledged == 20 * kMss; }));

  const bool asked = client == EcnUse::kRequest;
  const bool agreed = asked && server_use != EcnUse::kOff;
  EXPECT_EQ(seen_[0].flags, asked ? wire::kSyn | kEcnFlags : wire::kSyn);
  EXPECT_EQ(seen_[1].flags, wire::kSyn | wire::kAck | (agreed ? wire::kEce : 0));
  EXPECT_EQ(seen_[0].ecn, Ecn::kNotCapable);
  EXPECT_EQ(seen_[1].ecn, Ecn::kNotCapable);
  EXPECT_EQ(markable(false) >= 20, agreed);
  EXPECT_EQ(markable(true) >= 20, agreed);
  if (!agreed) {
    EXPECT_EQ(markable(false) + markable(true), 0U);
  }
  EXPECT_EQ(client_counters().ecn_connections.get(), agreed ? 1U : 0U);
  EXPECT_EQ(server_counters().ecn_connections.get(), agreed ? 1U : 0U);
}

INSTANTIATE_TEST_SUITE_P(
    All, EcnNegotiationTest,
    ::testing::Combine(::testing::Values(EcnUse::kOff, EcnUse::kAccept, EcnUse::kRequest),
                       ::testing::Values(EcnUse::kOff, EcnUse::kAccept, EcnUse::kRequest),
                       ::testing::Bool()));

TEST_F(EcnTest, ASynThatAlreadyMayBeMarkedIsAnsweredWithoutEcn) {
  begin();
  for (const Ecn ecn : {Ecn::kCapable0, Ecn::kCapable1, Ecn::kCongestion}) {
    seen_.clear();
    const auto port = static_cast<std::uint16_t>(3000 + static_cast<int>(ecn));
    simulation_->inject(client_host(), server_host(),
                        {port, kPort, 1, 0, wire::kSyn | kEcnFlags, 1000}, {}, {}, ecn);
    run_for(milliseconds(2));
    EXPECT_EQ(seen_.front().flags, wire::kSyn | wire::kAck);
    run_for(milliseconds(20));
  }
}

TEST_F(EcnTest, OneFlagAloneDoesNotAsk) {
  begin();
  for (const std::uint8_t flag : {wire::kEce, wire::kCwr}) {
    seen_.clear();
    simulation_->inject(client_host(), server_host(),
                        {static_cast<std::uint16_t>(3000 + flag), kPort, 1, 0,
                         static_cast<std::uint8_t>(wire::kSyn | flag), 1000});
    run_for(milliseconds(2));
    EXPECT_EQ(seen_.front().flags, wire::kSyn | wire::kAck);
  }
}

// A SYN-ACK with both flags comes from a host that reflects what it does not know.
TEST_F(EcnTest, ASynAckThatReflectsBothFlagsDoesNotAgree) {
  begin();
  lose_this = [&](bool from_server, const Segment& segment) {
    if (!from_server || !segment.has(wire::kSyn)) return false;
    simulation_->inject(
        server_host(), client_host(),
        {kPort, segment.flow.local_port, segment.sequence.value(), segment.acknowledgment.value(),
         static_cast<std::uint8_t>(segment.flags | kEcnFlags), segment.window},
        {}, segment.options);
    return true;
  };
  establish();
  transfer(5 * kMss);
  EXPECT_EQ(markable(false), 0U);
  EXPECT_EQ(client_counters().ecn_connections.get(), 0U);
}

TEST_F(EcnTest, ASimultaneousOpenDoesWithout) {
  begin();
  std::optional<Segment> syn;
  lose_this = [&](bool, const Segment& segment) {
    if (segment.has(wire::kSyn) && !segment.has(wire::kAck)) {
      syn.emplace();
      syn->flow = segment.flow;
      syn->sequence = segment.sequence;
    }
    return true;
  };
  client_.stream = client_host().stack().connect({server_host().address(), 81}, client_);
  ASSERT_TRUE(eventually([&] { return syn.has_value(); }));
  simulation_->inject(server_host(), client_host(),
                      {81, syn->flow.remote_port, 5000, 0, wire::kSyn | kEcnFlags, 1000});
  run_for(milliseconds(2));
  EXPECT_EQ(seen_.back().flags, wire::kSyn | wire::kAck);
  simulation_->inject(
      server_host(), client_host(),
      {81, syn->flow.remote_port, 5001, (syn->sequence + 1).value(), wire::kAck, 1000});
  ASSERT_TRUE(eventually([&] { return client_.opened; }));
  say(100);
  run_for(milliseconds(2));
  EXPECT_EQ(markable(false), 0U);
  client_.stream->abort();
}

// Section 6.1.1.1: some networks drop SYNs that ask.
TEST_F(EcnTest, ASynSentAgainDoesNotAsk) {
  begin();
  lose_this = [](bool from_server, const Segment& segment) {
    return !from_server && segment.has(wire::kSyn) && segment.has(wire::kEce);
  };
  establish();
  transfer(5 * kMss);
  EXPECT_EQ(seen_[1].flags, wire::kSyn);
  EXPECT_EQ(seen_[2].flags, wire::kSyn | wire::kAck);
  EXPECT_EQ(markable(false), 0U);
}

// The server remembers a request that its answer did not reach.
TEST_F(EcnTest, AClientThatFallsBackIsBelieved) {
  begin();
  int answers = 0;
  lose_this = [&](bool from_server, const Segment& segment) {
    return from_server && segment.has(wire::kSyn) && ++answers <= 1;
  };
  establish();
  say_back(5 * kMss);
  ASSERT_TRUE(eventually([&] { return server().acknowledged == 5 * kMss; }));
  EXPECT_EQ(count(true, [](const Seen& one) { return one.has(wire::kSyn) && one.has(wire::kEce); }),
            1U);
  EXPECT_EQ(markable(true), 0U);
  EXPECT_EQ(server_counters().ecn_connections.get(), 0U);
}

// The first SYN was answered, but a second one has left: nothing of ours may be marked, and the
// peer's marks have to be told.
TEST_F(EcnTest, AnAnswerThatComesAfterTheFallbackLetsOnlyThePeerSendWhatMayBeMarked) {
  StackConfig slow;
  slow.rto_initial = milliseconds(1500);
  begin({}, slow);
  int syns = 0;
  int answers = 0;
  lose_this = [&](bool from_server, const Segment& segment) {
    if (!segment.has(wire::kSyn)) return false;
    return from_server ? ++answers == 1 : ++syns == 2;
  };
  establish();
  EXPECT_EQ(count(true, [](const Seen& one) { return one.has(wire::kSyn) && one.has(wire::kEce); }),
            2U)
      << "a SYN-ACK says the same when it is sent again";
  transfer(5 * kMss);
  EXPECT_EQ(markable(false), 0U);
  mark_next(1);
  say_back(20 * kMss);
  ASSERT_TRUE(eventually([&] { return server().acknowledged == 20 * kMss; }));
  EXPECT_GE(count_flag(false, wire::kEce), 1U + 1U) << "the SYN and an ACK";
  EXPECT_EQ(server_counters().ecn_reductions.get(), 1U);
}

TEST_F(EcnTest, ASynCookieKeepsTheRequestWithTimestamps) {
  for (const bool timestamps : {true, false}) {
    seen_.clear();
    StackConfig server;
    server.syn_cookies = SynCookieUse::kAlways;
    server.timestamps = timestamps;
    begin({}, server);
    Probe probe;
    establish(probe);
    EXPECT_EQ(seen_[1].has(wire::kEce), timestamps);
    EXPECT_EQ(server_counters().syn_cookies_accepted.get(), 1U);
    EXPECT_EQ(server_counters().ecn_connections.get(), timestamps ? 1U : 0U);
    EXPECT_EQ(client_counters().ecn_connections.get(), timestamps ? 1U : 0U);
    acceptor_.accepted.clear();
    simulation_.reset();
  }
}

// Sections 6.1.4 to 6.1.6: what may be marked.

TEST_F(EcnTest, NewDataAloneMayBeMarked) {
  begin();
  establish();
  simulation_->impairments.loss = 0.03;
  say(300 * kMss);
  say_back(100 * kMss);
  ASSERT_TRUE(eventually(
      [&] { return client_.acknowledged == 300 * kMss && server().acknowledged == 100 * kMss; }));
  simulation_->impairments.loss = 0;
  client_.stream->finish();
  server().stream->finish();
  ASSERT_TRUE(eventually([&] { return client_.ended && server().ended; }));
  EXPECT_GT(client_counters().retransmitted_segments.get(), 0U);

  SequenceNumber sent[2]{};
  for (const Seen& one : seen_) {
    SequenceNumber& highest = sent[one.from_server ? 1 : 0];
    if (one.has(wire::kSyn)) highest = one.end;
    const bool is_new = one.payload > 0 && one.sequence >= highest;
    EXPECT_EQ(one.ecn, is_new ? Ecn::kCapable0 : Ecn::kNotCapable);
    if (one.has(wire::kCwr) && !one.has(wire::kSyn)) {
      EXPECT_TRUE(is_new);
    }
    highest = later_of(highest, one.end);
  }
}

TEST_F(EcnTest, AProbeOfAClosedWindowMayNotBeMarked) {
  begin({.receive_buffer = 16 * 1024, .receive_buffer_initial = 16 * 1024});
  acceptor_.prepare = [](Probe& probe) { probe.consume_at_once = false; };
  establish();
  say(40'000);
  ASSERT_TRUE(eventually([&] { return client_counters().zero_window_probes.get() >= 4; }));
  std::size_t probes = 0;
  for (const Seen& one : seen_) {
    if (one.from_server || one.payload != 1) continue;
    ++probes;
    EXPECT_EQ(one.ecn, Ecn::kNotCapable);
  }
  EXPECT_GE(probes, 2U);
}

// Section 6.1.2: the sender.

TEST_F(EcnTest, AMarkReducesTheWindowOnceAndNothingIsSentAgain) {
  begin();
  establish();
  transfer(200 * kMss);
  mark_next(1);
  say(400 * kMss);
  ASSERT_TRUE(eventually([&] { return client_.acknowledged == 600 * kMss; }));
  EXPECT_EQ(server_counters().ecn_marks_received.get(), 1U);
  EXPECT_EQ(client_counters().ecn_reductions.get(), 1U);
  EXPECT_EQ(client_counters().retransmitted_segments.get(), 0U);
  EXPECT_EQ(count_flag(false, wire::kCwr), 2U) << "the SYN, and one segment that tells it";
}

// A FIN cannot tell a reduction: it is no data.
TEST_F(EcnTest, AMarkOfTheLastDataReducesTheWindowOnce) {
  begin();
  establish();
  transfer(20 * kMss);
  mark_next(1);
  transfer(100);
  client_.stream->finish();
  ASSERT_TRUE(eventually([&] { return server().ended; }));
  run_for(milliseconds(50));
  EXPECT_GE(count_flag(true, wire::kEce), 1U + 2U) << "the SYN-ACK, and ACKs of data and FIN";
  EXPECT_EQ(client_counters().ecn_reductions.get(), 1U);
}

TEST_F(EcnTest, AWholeWindowOfMarksReducesItOnce) {
  begin();
  establish();
  transfer(200 * kMss);
  const std::uint64_t before = simulation_->marked();
  simulation_->impairments.marking = 1;
  say(400 * kMss);
  run_for(milliseconds(1));
  simulation_->impairments.marking = 0;
  const std::uint64_t marks = simulation_->marked() - before;
  ASSERT_GT(marks, 10U);
  ASSERT_TRUE(eventually([&] { return client_.acknowledged == 600 * kMss; }));
  EXPECT_EQ(server_counters().ecn_marks_received.get(), marks);
  EXPECT_EQ(client_counters().ecn_reductions.get(), 1U);
}

TEST_F(EcnTest, MarksInEveryWindowReduceItInEveryWindow) {
  begin();
  establish();
  simulation_->impairments.marking = 1;
  transfer(100 * kMss);
  EXPECT_GT(client_counters().ecn_reductions.get(), 5U);
  EXPECT_EQ(client_counters().retransmitted_segments.get(), 0U);
  EXPECT_EQ(server().received.size(), 100 * kMss);
}

// What is lost and what is marked of one window is one sign of congestion.
TEST_F(EcnTest, AMarkAndALossOfOneWindowReduceItOnce) {
  begin();
  establish();
  transfer(200 * kMss);
  const std::size_t before = count_flag(false, wire::kCwr);
  int segments = 0;
  lose_this = [&](bool from_server, const Segment& segment) {
    return !from_server && !segment.payload.empty() && ++segments == 3;
  };
  simulation_->impairments.marking = 1;
  say(400 * kMss);
  run_for(milliseconds(1));
  simulation_->impairments.marking = 0;
  ASSERT_TRUE(eventually([&] { return client_.acknowledged == 600 * kMss; }));
  EXPECT_EQ(client_counters().fast_retransmits.get() + client_counters().ecn_reductions.get(), 2U)
      << "both were seen";
  EXPECT_EQ(client_counters().retransmitted_segments.get(), 1U);
  EXPECT_LE(count_flag(false, wire::kCwr) - before, 2U);
}

TEST_F(EcnTest, AnyReductionIsTold) {
  begin();
  establish();
  transfer(100 * kMss);
  int segments = 0;
  lose_this = [&](bool from_server, const Segment& segment) {
    return !from_server && !segment.payload.empty() && ++segments == 3;
  };
  const std::size_t before = count_flag(false, wire::kCwr);
  transfer(200 * kMss);
  EXPECT_EQ(client_counters().fast_retransmits.get(), 1U);
  EXPECT_EQ(client_counters().ecn_reductions.get(), 0U);
  EXPECT_EQ(count_flag(false, wire::kCwr) - before, 1U);
}

// Section 6.1.2, and a port's segmentation: CWR is the first segment's alone.
TEST_F(EcnTest, TheSegmentThatTellsTheReductionIsNotCutByThePort) {
  begin();
  client_host().offloads = {.transmit_checksum = true, .segmentation = true, .multi_segment = true};
  establish();
  transfer(200 * kMss);
  mark_next(1);
  say(400 * kMss);
  ASSERT_TRUE(eventually([&] { return client_.acknowledged == 600 * kMss; }));
  EXPECT_EQ(client_counters().ecn_reductions.get(), 1U);
  EXPECT_EQ(count_flag(false, wire::kCwr), 2U) << "the SYN, and one segment";
  EXPECT_LT(client_counters().segments_sent.get(), 300U) << "others were cut by the port";
}

// A window that was reduced long ago must not pass for the present one where numbers wrap.
TEST(EcnOfALongConnection, MarksCountAfterGigabytesWithoutOne) {
  constexpr std::uint32_t kFlight = std::uint32_t{1} << 30;
  RangePools pools(1);
  const StackConfig config;
  Counters counters;
  CongestionControl congestion;
  congestion.start(config.congestion_control, kMss);
  RoundTrip round_trip;
  ReorderingWindow reordering;
  EcnState ecn;
  ecn.agree();
  Sender sender{.config = config,
                .counters = counters,
                .congestion = congestion,
                .round_trip = round_trip,
                .reordering = reordering,
                .ecn = ecn,
                .now = Instant(seconds(1)),
                .segment_size = kMss,
                .sack = true,
                .timestamps = false};
  SequenceNumber at(0);
  Recovery recovery(at, pools);
  const auto fly = [&](bool marked) {
    recovery.on_sent(at, at + kFlight, sender.now);
    at += kFlight;
    recovery.on_acknowledgment({.number = at, .blocks = {}, .marked = marked, .echo_age = {}},
                               sender);
    ecn.on_told();
  };
  fly(true);
  for (int i = 0; i < 3; ++i) fly(false);
  fly(true);
  EXPECT_EQ(counters.ecn_reductions.get(), 2U);
}

// RFC 3168 section 6.1.2: a mark is a fact, whether or not something was lost beside it.
TEST_F(EcnTest, AReductionByAMarkIsNotTakenBack) {
  const auto reordered = [&](bool marked) {
    seen_.clear();
    acceptor_.accepted.clear();
    client_ = Probe();
    begin({.rack = false});
    establish();
    transfer(100 * kMss);
    simulation_->impairments.rate = 50'000'000;
    simulation_->impairments.queue = 400'000;
    simulation_->impairments.overtaken = 0.01;
    simulation_->impairments.overtaken_by = 6;
    simulation_->impairments.marking = marked ? 1 : 0;
    transfer(400 * kMss);
    EXPECT_GT(client_counters().fast_retransmits.get(), 0U);
    const std::uint64_t taken_back = client_counters().spurious_recoveries.get();
    client_.stream->abort();
    return taken_back;
  };
  EXPECT_GT(reordered(false), 0U);
  EXPECT_EQ(reordered(true), 0U);
}

TEST_F(EcnTest, WhatAPeerTellsThatDidNotAgreeMeansNothing) {
  begin_as({});
  establish();
  server().say(sample_text(200 * kMss), server_host().pool());
  lose_this = [](bool from_server, const Segment&) { return !from_server; };
  run_for(milliseconds(20));
  for (int i = 1; i <= 5; ++i) {
    forge(wire::kAck | kEcnFlags, 0, (i - 10) * static_cast<std::int32_t>(kMss), {}, 60'000);
  }
  EXPECT_EQ(server_counters().ecn_reductions.get(), 0U);
  EXPECT_EQ(count_flag(true, wire::kCwr), 0U);
  EXPECT_EQ(markable(true), 0U);
}

// Section 6.1.3: the receiver.

TEST_F(EcnTest, EveryAckTellsOfAMarkUntilThePeerHasReduced) {
  begin();
  establish();
  transfer(20 * kMss);
  // Acknowledgments do not arrive: the client cannot answer.
  lose_this = [](bool from_server, const Segment&) { return from_server; };
  mark_next(1);
  seen_.clear();
  for (int i = 0; i < 4; ++i) {
    say(2 * kMss);
    run_for(milliseconds(10));
  }
  EXPECT_GE(count(true, [](const Seen&) { return true; }), 3U);
  EXPECT_EQ(count(true, [](const Seen& one) { return !one.has(wire::kEce); }), 0U);
  forge(wire::kAck | wire::kCwr, 0, 0, "told");
  seen_.clear();
  forge(wire::kAck, 4, 0, "new");
  run_for(milliseconds(60));
  EXPECT_GE(count(true, [](const Seen&) { return true; }), 1U);
  EXPECT_EQ(count_flag(true, wire::kEce), 0U);
  client_.stream->abort();
}

TEST_F(EcnTest, AMarkIsToldAtOnce) {
  begin();
  establish();
  run_for(milliseconds(100));
  seen_.clear();
  mark_next(1);
  say(100);  // alone: its ACK would be delayed
  run_for(milliseconds(8));
  EXPECT_EQ(count_flag(true, wire::kEce), 1U);
}

// Section 6.1.5: nothing outside of the window may make the sender slower, or hide a mark.
TEST_F(EcnTest, OnlyNewDataWithinTheWindowTellsOfMarks) {
  begin();
  establish();
  transfer(5 * kMss);
  seen_.clear();
  const auto mark_of = [&](std::int32_t offset, std::string_view payload) {
    wire::TcpOptions options;
    options.timestamps = {{client_timestamp_, last_timestamp_}};
    simulation_->inject(client_host(), server_host(),
                        {client_.stream->local().port, kPort,
                         client_next_.value() + static_cast<std::uint32_t>(offset),
                         server_next_.value(), wire::kAck, 1000},
                        payload, options, Ecn::kCongestion);
    run_for(milliseconds(60));
  };
  mark_of(-10, "old");
  mark_of(0, "");
  mark_of(1 << 28, "far");
  EXPECT_GE(count(true, [](const Seen&) { return true; }), 1U);
  EXPECT_EQ(count_flag(true, wire::kEce), 0U);
  EXPECT_EQ(server_counters().ecn_marks_received.get(), 0U);
  mark_of(0, "new");
  EXPECT_GE(count_flag(true, wire::kEce), 1U);
  EXPECT_EQ(server_counters().ecn_marks_received.get(), 1U);
}

TEST_F(EcnTest, MarksOnAConnectionWithoutEcnMeanNothing) {
  begin_as({});
  establish();
  simulation_->inject(client_host(), server_host(),
                      {client_.stream->local().port, kPort, client_next_.value(),
                       server_next_.value(), wire::kAck, 1000},
                      "data", {.timestamps = {{client_timestamp_, last_timestamp_}}},
                      Ecn::kCongestion);
  run_for(milliseconds(60));
  EXPECT_EQ(server().received, "data");
  EXPECT_EQ(count_flag(true, wire::kEce), 0U);
  EXPECT_EQ(server_counters().ecn_marks_received.get(), 0U);
}

// Both together.

class EcnOverAMarkingQueue : public EcnTest, public ::testing::WithParamInterface<bool> {};

TEST_P(EcnOverAMarkingQueue, NothingIsLostAndTheLinkStaysFull) {
  begin({}, {}, GetParam() ? Family::kIPv6 : Family::kIPv4);
  establish();
  simulation_->impairments.delay = milliseconds(10);
  simulation_->impairments.rate = 20'000'000;
  simulation_->impairments.marks_above = 30'000;
  const Instant begin_at = simulation_->clock().now();
  transfer(8'000'000);
  const double took = std::chrono::duration<double>(simulation_->clock().now() - begin_at).count();
  const double rate = 8'000'000 * 8 / took;
  EXPECT_GT(client_counters().ecn_reductions.get(), 3U);
  EXPECT_EQ(client_counters().retransmitted_segments.get(), 0U);
  EXPECT_GT(rate, 0.9 * 20'000'000);
  std::printf("marking queue: %.1f of 20 Mbit/s, %lu reductions\n", rate / 1e6,
              client_counters().ecn_reductions.get());
}

INSTANTIATE_TEST_SUITE_P(Families, EcnOverAMarkingQueue, ::testing::Bool(),
                         [](const auto& run) { return run.param ? "IPv6" : "IPv4"; });

}  // namespace
}  // namespace sluice::tcp
