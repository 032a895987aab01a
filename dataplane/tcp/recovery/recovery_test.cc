// How losses are found and repaired, between two stacks and on a link that loses what it is told
// to.
#include "dataplane/tcp/recovery/recovery.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

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

constexpr std::uint16_t kPort = 80;
constexpr std::size_t kMss = 1448;

class RecoveryTest : public ::testing::Test {
 protected:
  /// `lose` names the client's data segments, counted from 1, that are lost; a segment sent again
  /// is another one.
  void establish(const StackConfig& config, std::set<int> lose) {
    lose_ = std::move(lose);
    simulation_ = std::make_unique<Simulation>(1, config);
    simulation_->server().stack().listen({simulation_->server().address(), kPort}, acceptor_);
    client_.stream =
        simulation_->client().stack().connect({simulation_->server().address(), kPort}, client_);
    ASSERT_TRUE(simulation_->run_until(
        [this] { return client_.opened && !acceptor_.accepted.empty(); }, seconds(5)));
    simulation_->inspect = [this](const SimulatedHost& sender, const Segment& segment) {
      if (&sender == &simulation_->server()) return !mute_;
      if (segment.payload.empty()) return true;
      highest_ = later_of(highest_, segment.end());
      most_in_flight_ = std::max(most_in_flight_, highest_ - acknowledged());
      return !lose_.contains(++segments_);
    };
  }
  SequenceNumber acknowledged() {
    // All bytes but those the handler was told of are still queued.
    return highest_ - static_cast<std::uint32_t>(client_.stream->unacknowledged());
  }
  void transfer(std::size_t segments, Duration limit) {
    const std::string text = sample_text(segments * kMss);
    client_.say(text, simulation_->client().pool());
    const Instant start = simulation_->clock().now();
    ASSERT_TRUE(simulation_->run_until([&] { return client_.acknowledged == text.size(); }, limit));
    took_ = simulation_->clock().now() - start;
    EXPECT_EQ(acceptor_.accepted.at(0)->received, text);
  }
  const Counters& counters() { return simulation_->client().stack().counters(); }

  std::unique_ptr<Simulation> simulation_;
  ProbeAcceptor acceptor_;
  Probe client_;
  std::set<int> lose_;
  bool mute_ = false;
  int segments_ = 0;
  SequenceNumber highest_;
  std::uint32_t most_in_flight_ = 0;
  Duration took_{};
};

// RFC 8985 section 6: 10 ms of round trip are enough.

TEST_F(RecoveryTest, ManyHolesAreRepairedWithinOneRoundTripMore) {
  establish({}, {2, 4, 6});
  transfer(10, milliseconds(45));
  EXPECT_EQ(counters().retransmitted_segments.get(), 3U);
  EXPECT_EQ(counters().fast_retransmits.get(), 1U);
  EXPECT_EQ(counters().retransmission_timeouts.get(), 0U);
  EXPECT_GE(counters().rack_marked_lost.get(), 3U);
}

TEST_F(RecoveryTest, ALostRepairIsSentAgainWithoutATimeout) {
  // Segments 11 and on are repairs and new data; the 16th is the repair of the second.
  establish({}, {2, 16});
  transfer(60, milliseconds(190));
  EXPECT_EQ(counters().retransmission_timeouts.get(), 0U);
  EXPECT_GE(counters().retransmitted_segments.get(), 2U);
}

TEST_F(RecoveryTest, WithoutRackALostRepairTakesATimeout) {
  establish({.rack = false}, {2, 16});
  transfer(60, seconds(2));
  EXPECT_EQ(counters().rack_marked_lost.get(), 0U);
  EXPECT_EQ(counters().tlp_probes.get(), 0U);
  EXPECT_GE(counters().retransmission_timeouts.get(), 1U);
}

// RFC 6675 section 4.
TEST_F(RecoveryTest, WithoutRackTheScoreboardFindsAllHolesAtOnce) {
  establish({.rack = false}, {2, 4, 6});
  transfer(10, milliseconds(45));
  EXPECT_EQ(counters().retransmitted_segments.get(), 3U);
  EXPECT_EQ(counters().retransmission_timeouts.get(), 0U);
}

// RFC 6582 section 3.2: one hole a round trip.
TEST_F(RecoveryTest, WithoutSackPartialAcksRepairOneHoleARoundTrip) {
  establish({.sack = false}, {2, 4, 6});
  transfer(10, milliseconds(90));
  EXPECT_EQ(counters().retransmitted_segments.get(), 3U);
  EXPECT_EQ(counters().fast_retransmits.get(), 1U);
  EXPECT_EQ(counters().retransmission_timeouts.get(), 0U);
}

// RFC 3042: two duplicate ACKs send two new segments, whose ACKs make the third one.
TEST_F(RecoveryTest, LimitedTransmitFindsTheLossOfAShortFlight) {
  StackConfig config{.sack = false};
  establish(config, {});
  transfer(10, seconds(1));
  client_.acknowledged = 0;
  acceptor_.accepted[0]->received.clear();
  // The window is 20 segments: the 19th of 40 is lost, two behind it arrive.
  lose_ = {segments_ + 18};
  transfer(40, milliseconds(80));
  EXPECT_EQ(counters().retransmission_timeouts.get(), 0U);
  EXPECT_EQ(counters().retransmitted_segments.get(), 1U);
}

// RFC 5681 section 3.1: what is in flight when a loss shows counts, though the ACKs of what was not
// lost come in the same burst.
TEST_F(RecoveryTest, ABurstOfAcksThatEndsInALossLeavesTheWindowItsPart) {
  establish({}, {});
  transfer(10, seconds(1));
  client_.acknowledged = 0;
  acceptor_.accepted[0]->received.clear();
  // The window is 20 segments; four behind the lost one arrive. 14 segments are left, and grow.
  lose_ = {segments_ + 16};
  transfer(100, milliseconds(110));
  EXPECT_EQ(counters().retransmitted_segments.get(), 1U);
}

// RFC 8985 section 7.
TEST_F(RecoveryTest, ALostTailIsProbedForAfterTwoRoundTrips) {
  establish({}, {9, 10});
  transfer(10, milliseconds(100));
  EXPECT_EQ(counters().tlp_probes.get(), 1U);
  EXPECT_EQ(counters().retransmission_timeouts.get(), 0U);
  EXPECT_GE(counters().fast_retransmits.get(), 1U);
}

TEST_F(RecoveryTest, AProbeSendsNewDataWhenThereIsSome) {
  establish({}, {});
  mute_ = true;
  client_.say(sample_text(20 * kMss), simulation_->client().pool());
  simulation_->run_for(milliseconds(60));
  EXPECT_EQ(counters().tlp_probes.get(), 1U);
  EXPECT_EQ(segments_, 11);
  EXPECT_EQ(counters().retransmitted_segments.get(), 0U);
  mute_ = false;
}

TEST_F(RecoveryTest, AProbeThatRepairedALossHalvesTheWindowOnce) {
  establish({}, {10});
  // A lone segment may have its ACK delayed: the probe waits as long as the timer would.
  transfer(10, milliseconds(300));
  EXPECT_EQ(counters().tlp_probes.get(), 1U);
  client_.acknowledged = 0;
  acceptor_.accepted[0]->received.clear();
  transfer(5, seconds(1));
  EXPECT_EQ(counters().tlp_repairs.get(), 1U);
}

TEST_F(RecoveryTest, AProbeWhoseOriginalArrivedChangesNothing) {
  establish({}, {});
  // The last ACK is late, not the segment.
  client_.say(sample_text(10 * kMss), simulation_->client().pool());
  simulation_->run_for(milliseconds(7));
  mute_ = true;
  simulation_->run_for(milliseconds(40));
  mute_ = false;
  ASSERT_TRUE(
      simulation_->run_until([&] { return client_.acknowledged == 10 * kMss; }, milliseconds(100)));
  simulation_->run_for(milliseconds(50));
  client_.acknowledged = 0;
  acceptor_.accepted[0]->received.clear();
  transfer(5, seconds(1));
  EXPECT_EQ(counters().tlp_repairs.get(), 0U);
}

// RFC 8985 section 6.2, step 4: the window adapts, so that reordering costs little.
TEST_F(RecoveryTest, ReorderingIsLearntAndNotTakenForLoss) {
  establish({}, {});
  simulation_->impairments.overtaken = 0.05;
  simulation_->impairments.overtaken_by = 4;
  simulation_->impairments.rate = 50'000'000;
  simulation_->impairments.queue = 400'000;
  simulation_->impairments.delay = milliseconds(10);
  transfer(3000, seconds(10));
  EXPECT_GT(counters().reordered_deliveries.get(), 20U);
  EXPECT_EQ(counters().retransmission_timeouts.get(), 0U);
  // Without the window each of about 150 overtaken segments would be one.
  EXPECT_LT(counters().retransmitted_segments.get(), 30U);
}

TEST_F(RecoveryTest, TheTimerIsOnWhileAnythingIsOutstanding) {
  establish({}, {});
  simulation_->impairments.loss = 1;
  client_.say(sample_text(10 * kMss), simulation_->client().pool());
  simulation_->run_for(minutes(5));
  EXPECT_EQ(client_.failure, StreamError::kTimedOut);
}

// The window is as large as the buffers were free before it was used.
TEST_F(RecoveryTest, ARepairIsTakenHoweverMuchWaitsBehindIt) {
  establish({}, {});
  simulation_->impairments.rate = 100'000'000;
  simulation_->impairments.queue = 200'000;
  SequenceNumber missing;
  int copies = 0;
  simulation_->inspect = [&](const SimulatedHost& sender, const Segment& segment) {
    if (&sender == &simulation_->server() || segment.payload.empty()) return true;
    if (++segments_ == 1000) missing = segment.sequence;
    return segments_ < 1000 || segment.sequence != missing || ++copies > 2;
  };
  transfer(2000, seconds(2));
  EXPECT_EQ(copies, 3);
}

// RFC 2018 section 8: what was told by SACK blocks only is kept, and sent again after a timeout.
TEST_F(RecoveryTest, AReceiverMayTakeBackWhatItTold) {
  establish({}, {1});
  const wire::Endpoint local = client_.stream->local();
  std::uint32_t value = 0;
  std::uint32_t echo = 0;
  SequenceNumber first;
  SequenceNumber theirs;
  simulation_->inspect = [&](const SimulatedHost& sender, const Segment& segment) {
    if (&sender == &simulation_->client()) {
      if (first == SequenceNumber()) first = segment.sequence;
      echo = segment.options.timestamps->value;
      theirs = segment.acknowledgment;
      value = segment.options.timestamps->echo;
      ++segments_;
      return !mute_;
    }
    return !mute_;
  };
  mute_ = true;
  client_.say(sample_text(4 * kMss), simulation_->client().pool());
  simulation_->run_for(milliseconds(2));
  wire::TcpOptions options;
  options.timestamps = {{value, echo}};
  options.sack.add({first.value(), (first + 4 * kMss).value()});
  simulation_->inject(simulation_->server(), simulation_->client(),
                      {kPort, local.port, theirs.value(), first.value(), wire::kAck, 60000}, {},
                      options);
  simulation_->run_for(milliseconds(2));
  mute_ = false;
  ASSERT_TRUE(simulation_->run_until([&] { return client_.acknowledged == 4 * kMss; }, seconds(2)));
  EXPECT_EQ(counters().sack_reneged.get(), 1U);
}

TEST_F(RecoveryTest, BlocksOutsideOfWhatIsInFlightAreIgnored) {
  establish({}, {});
  const wire::Endpoint local = client_.stream->local();
  std::uint32_t value = 0;
  std::uint32_t echo = 0;
  SequenceNumber first;
  SequenceNumber theirs;
  simulation_->inspect = [&](const SimulatedHost& sender, const Segment& segment) {
    if (&sender != &simulation_->client()) return true;
    if (first == SequenceNumber()) first = segment.sequence;
    echo = segment.options.timestamps->value;
    theirs = segment.acknowledgment;
    value = segment.options.timestamps->echo;
    return true;
  };
  client_.say(sample_text(4 * kMss), simulation_->client().pool());
  simulation_->run_for(milliseconds(2));
  wire::TcpOptions options;
  options.timestamps = {{value, echo}};
  options.sack.add({(first + 2 * kMss).value(), (first + 5 * kMss).value()});
  options.sack.add({(first + 3 * kMss).value(), (first + 3 * kMss).value()});
  options.sack.add({(first + 3 * kMss).value(), (first + 2 * kMss).value()});
  simulation_->inject(simulation_->server(), simulation_->client(),
                      {kPort, local.port, theirs.value(), first.value(), wire::kAck, 60000}, {},
                      options);
  ASSERT_TRUE(simulation_->run_until([&] { return client_.acknowledged == 4 * kMss; }, seconds(2)));
  EXPECT_EQ(counters().sack_blocks_ignored.get(), 3U);
  EXPECT_EQ(counters().retransmitted_segments.get(), 0U);
}

}  // namespace
}  // namespace sluice::tcp
