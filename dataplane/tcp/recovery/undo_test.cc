// Reactions to losses that were none are taken back, between two stacks in virtual time.
#include "dataplane/tcp/recovery/undo.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "dataplane/tcp/recovery/forward_rto.h"
#include "dataplane/tcp/testing/simulation.h"

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Probe;
using testing::ProbeAcceptor;
using testing::sample_text;
using testing::SimulatedHost;
using testing::Simulation;

constexpr std::uint16_t kPort = 80;
constexpr std::size_t kMss = 1448;

class UndoTest : public ::testing::Test {
 protected:
  void establish(const StackConfig& config) {
    simulation_ = std::make_unique<Simulation>(1, config);
    simulation_->server().stack().listen({simulation_->server().address(), kPort}, acceptor_);
    client_.stream =
        simulation_->client().stack().connect({simulation_->server().address(), kPort}, client_);
    ASSERT_TRUE(simulation_->run_until(
        [this] { return client_.opened && !acceptor_.accepted.empty(); }, seconds(5)));
  }
  void transfer(std::size_t segments, Duration limit = seconds(10)) {
    client_.acknowledged = 0;
    const std::string text = sample_text(segments * kMss);
    client_.say(text, simulation_->client().pool());
    ASSERT_TRUE(simulation_->run_until([&] { return client_.acknowledged == text.size(); }, limit));
  }
  /// Nothing passes for `time`; then all of it does.
  void stall(Duration time) {
    simulation_->impairments.rate = 20'000'000;
    simulation_->impairments.queue = 10'000'000;
    simulation_->stall(time);
  }
  const Counters& counters() { return simulation_->client().stack().counters(); }

  std::unique_ptr<Simulation> simulation_;
  ProbeAcceptor acceptor_;
  Probe client_;
};

// RFC 3522, RFC 4015.
TEST_F(UndoTest, ATimeoutThatADelayCausedIsTakenBackByTheEchoedTimestamp) {
  establish({});
  transfer(50);
  client_.acknowledged = 0;
  client_.say(sample_text(10 * kMss), simulation_->client().pool());
  stall(milliseconds(600));
  ASSERT_TRUE(
      simulation_->run_until([&] { return client_.acknowledged == 10 * kMss; }, seconds(5)));
  EXPECT_GE(counters().retransmission_timeouts.get(), 1U);
  EXPECT_EQ(counters().spurious_timeouts.get(), 1U);
  // Not everything was sent again: the head, each time the timer fired, and the probe.
  EXPECT_LE(counters().retransmitted_segments.get(), 4U);
}

TEST_F(UndoTest, ARealTimeoutIsNotTakenBack) {
  establish({});
  transfer(50);
  simulation_->impairments.loss = 1;
  client_.acknowledged = 0;
  client_.say(sample_text(10 * kMss), simulation_->client().pool());
  simulation_->run_for(milliseconds(100));
  simulation_->impairments.loss = 0;
  ASSERT_TRUE(
      simulation_->run_until([&] { return client_.acknowledged == 10 * kMss; }, seconds(5)));
  EXPECT_GE(counters().retransmission_timeouts.get(), 1U);
  EXPECT_EQ(counters().spurious_timeouts.get(), 0U);
}

// RFC 2883 section 5: without a window for reordering the first overtaken segments are sent again,
// in vain, as the peer reports.
TEST_F(UndoTest, ARecoveryThatReorderingCausedIsTakenBack) {
  establish({});
  simulation_->impairments.rate = 50'000'000;
  simulation_->impairments.queue = 400'000;
  simulation_->impairments.overtaken = 0.01;
  simulation_->impairments.overtaken_by = 20;
  transfer(3000);
  EXPECT_GT(counters().spurious_recoveries.get(), 0U);
  EXPECT_GT(counters().dsacks_received.get(), 0U);
}

/// Answers what the client sends by hand.
class UndoInABurstTest : public UndoTest {
 protected:
  /// What the client sends from now on is lost.
  void take_over() {
    std::uint32_t server_time = 0;
    simulation_->inspect = [&](const SimulatedHost& sender, const Segment& segment) {
      if (&sender != &simulation_->client()) server_time = segment.options.timestamps->value;
      return true;
    };
    transfer(10);
    simulation_->inspect = [this, server_time](const SimulatedHost&, const Segment& segment) {
      if (sent_++ == 0) first_ = segment.sequence;
      theirs_ = segment.acknowledgment;
      options_.timestamps = {{server_time, segment.options.timestamps->value}};
      return false;
    };
  }
  void send(std::size_t segments) {
    sent_ = 0;
    client_.say(sample_text(segments * kMss), simulation_->client().pool());
    simulation_->run_for(milliseconds(2));
  }
  /// Acknowledges so many segments, and those from 3 to before `sacked_to` selectively.
  void answer(std::uint32_t segments, std::uint32_t sacked_to = 3) {
    wire::TcpOptions options = options_;
    if (sacked_to > 3) options.sack.add({at(3).value(), at(sacked_to).value()});
    simulation_->inject(simulation_->server(), simulation_->client(),
                        {kPort, client_.stream->local().port, theirs_.value(), at(segments).value(),
                         wire::kAck, 60000},
                        {}, options);
  }
  SequenceNumber at(std::uint32_t segment) const {
    return first_ + segment * static_cast<std::uint32_t>(kMss);
  }

  int sent_ = 0;
  SequenceNumber first_;
  SequenceNumber theirs_;
  wire::TcpOptions options_;
};

TEST_F(UndoInABurstTest, ARecoveryThatIsOverBeforeARepairWasSentLeavesNoTrace) {
  establish({});
  take_over();
  send(15);
  ASSERT_EQ(sent_, 15);
  answer(2, 4);
  answer(2, 5);
  answer(2, 6);
  answer(15);
  simulation_->run_for(milliseconds(2));
  EXPECT_EQ(counters().fast_retransmits.get(), 1U);
  EXPECT_EQ(counters().spurious_recoveries.get(), 1U);
  send(60);
  EXPECT_EQ(counters().retransmitted_segments.get(), 0U);
  EXPECT_GE(sent_, 15);
}

TEST_F(UndoTest, RandomLossIsNotTakenBack) {
  establish({});
  simulation_->impairments.rate = 50'000'000;
  transfer(500);
  const std::uint64_t overflowed = counters().retransmitted_segments.get();
  simulation_->inspect = [n = 0](const SimulatedHost&, const Segment& segment) mutable {
    return segment.payload.empty() || ++n % 100 != 0;
  };
  transfer(2000);
  EXPECT_GT(counters().retransmitted_segments.get(), overflowed + 15);
  EXPECT_EQ(counters().spurious_recoveries.get(), 0U);
}

using Verdict = ForwardRto::Verdict;

// RFC 5682 section 2.1.

TEST(ForwardRto, ASecondAckOfOriginalDataProvesAnEarlyTimeout) {
  ForwardRto frto;
  frto.start();
  EXPECT_FALSE(frto.holds_repairs());
  EXPECT_EQ(frto.on_acknowledged(true, true), Verdict::kHold);
  EXPECT_TRUE(frto.holds_repairs());
  EXPECT_EQ(frto.on_acknowledged(true, true), Verdict::kSpurious);
  EXPECT_FALSE(frto.holds_repairs());
}

TEST(ForwardRto, ADuplicateAckInEitherStepIsALoss) {
  ForwardRto frto;
  frto.start();
  EXPECT_EQ(frto.on_acknowledged(false, false), Verdict::kLoss);
  frto.start();
  EXPECT_EQ(frto.on_acknowledged(true, false), Verdict::kHold);
  EXPECT_EQ(frto.on_acknowledged(false, false), Verdict::kLoss);
  EXPECT_FALSE(frto.holds_repairs());
}

/// A peer whose SYNs have no timestamps.
class UndoWithoutTimestampsTest : public UndoTest, public ::testing::WithParamInterface<bool> {};

TEST_P(UndoWithoutTimestampsTest, AnEarlyTimeoutIsTakenBackByForwardRto) {
  establish({.timestamps = false, .sack = GetParam(), .rack = false});
  transfer(50);
  client_.acknowledged = 0;
  client_.say(sample_text(60 * kMss), simulation_->client().pool());
  stall(milliseconds(300));
  ASSERT_TRUE(
      simulation_->run_until([&] { return client_.acknowledged == 60 * kMss; }, seconds(5)));
  EXPECT_GE(counters().retransmission_timeouts.get(), 1U);
  EXPECT_EQ(counters().spurious_timeouts.get(), 1U);
}

TEST_P(UndoWithoutTimestampsTest, ARealTimeoutIsNotTakenBack) {
  establish({.timestamps = false, .sack = GetParam(), .rack = false});
  transfer(50);
  simulation_->impairments.loss = 1;
  client_.acknowledged = 0;
  client_.say(sample_text(30 * kMss), simulation_->client().pool());
  simulation_->run_for(milliseconds(100));
  simulation_->impairments.loss = 0;
  ASSERT_TRUE(
      simulation_->run_until([&] { return client_.acknowledged == 30 * kMss; }, seconds(5)));
  EXPECT_GE(counters().retransmission_timeouts.get(), 1U);
  EXPECT_EQ(counters().spurious_timeouts.get(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Sack, UndoWithoutTimestampsTest, ::testing::Bool(),
                         [](const auto& each) { return each.param ? "WithSack" : "WithoutSack"; });

}  // namespace
}  // namespace sluice::tcp
