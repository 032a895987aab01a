#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "dataplane/tcp/testing/pair_fixture.h"

// Paths that carry less than their first hop (RFC 1191, RFC 8201, RFC 5927).
namespace sluice::tcp::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kHeaders4 = 20 + 20 + 12;  // with timestamps

class PathMtu : public PairFixture {
 protected:
  // A transfer from the client; tells whether all of it has come within `limit`.
  bool transfer(std::size_t size, Duration limit) {
    const std::string text = sample_text(size);
    const std::size_t before = server().received.size();
    client_.say(text, client_host().pool());
    const bool done =
        eventually([&] { return server().received.size() >= before + text.size(); }, limit);
    return done && server().received.substr(before) == text;
  }
  // The largest payload the client has sent since the last call.
  std::uint32_t largest() { return std::exchange(largest_, 0); }

  void begin(std::uint16_t narrowest, bool reported, const StackConfig& config = {},
             Family family = Family::kIPv4) {
    start(config, family);
    simulation_->impairments.largest_packet = narrowest;
    simulation_->impairments.reports_too_big = reported;
    lose = [this](bool from_server, const Segment& segment) {
      if (!from_server) {
        largest_ = std::max(largest_, static_cast<std::uint32_t>(segment.payload.size()));
        last_sequence_ = segment.sequence;
      }
      return false;
    };
  }

  void tell_client(std::uint32_t sequence, std::uint16_t mtu) {
    client_host().stack().delivery_failed({ip::DeliveryProblem::kPacketTooBig,
                                           client_host().address(), server_host().address(),
                                           client_.stream->local().port, kPort, sequence, mtu});
  }

  std::uint32_t largest_ = 0;
  SequenceNumber last_sequence_;
};

class PathMtuOfBothFamilies : public PathMtu, public ::testing::WithParamInterface<Family> {};

TEST_P(PathMtuOfBothFamilies, SegmentsShrinkToWhatTheRouterSaysAndGoOutAgainAtOnce) {
  begin(1300, true, {}, GetParam());
  establish();
  EXPECT_TRUE(transfer(100000, milliseconds(150)));
  EXPECT_EQ(client_counters().path_mtu_reduced.get(), 1U);
  EXPECT_EQ(client_counters().retransmission_timeouts.get(), 0U);
  largest();
  EXPECT_TRUE(transfer(100000, milliseconds(150)));
  EXPECT_EQ(largest(), 1300 - kHeaders4 - (GetParam() == Family::kIPv6 ? 20 : 0));
}

TEST_P(PathMtuOfBothFamilies, NewConnectionsBeginWithWhatIsKnown) {
  begin(1300, true, {}, GetParam());
  establish();
  ASSERT_TRUE(transfer(10000, seconds(1)));
  Probe second;
  largest();
  establish(second);
  second.say(sample_text(10000), client_host().pool());
  EXPECT_TRUE(eventually([&] { return server().received.size() == 10000; }));
  EXPECT_EQ(largest(), 1300 - kHeaders4 - (GetParam() == Family::kIPv6 ? 20 : 0));
  EXPECT_EQ(client_counters().path_mtu_reduced.get(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Families, PathMtuOfBothFamilies,
                         ::testing::Values(Family::kIPv4, Family::kIPv6));

TEST_F(PathMtu, TheOfferedSegmentSizeIsTheFirstHopsWhateverThePathCarries) {
  start();
  client_host().path_mtu = 1300;
  std::optional<std::uint16_t> offered;
  lose = [&](bool from_server, const Segment& segment) {
    if (!from_server && segment.has(wire::kSyn)) offered = segment.options.maximum_segment_size;
    return false;
  };
  establish();
  EXPECT_EQ(offered, 1460);
}

TEST_F(PathMtu, ShrinksStepByStep) {
  begin(1400, true);
  establish();
  EXPECT_TRUE(transfer(50000, seconds(1)));
  simulation_->impairments.largest_packet = 1300;
  EXPECT_TRUE(transfer(50000, seconds(1)));
  simulation_->impairments.largest_packet = 600;
  EXPECT_TRUE(transfer(50000, seconds(1)));
  EXPECT_EQ(client_counters().path_mtu_reduced.get(), 3U);
}

TEST_F(PathMtu, WorksWhereThePortCutsSegments) {
  start();
  client_host().offloads = {.transmit_checksum = true, .segmentation = true, .multi_segment = true};
  begin(1300, true);
  establish();
  EXPECT_TRUE(transfer(200000, seconds(1)));
  EXPECT_EQ(client_counters().path_mtu_reduced.get(), 1U);
}

TEST_F(PathMtu, AMessageAboutWhatIsNotInFlightIsIgnored) {
  begin(1500, true);
  establish();
  ASSERT_TRUE(transfer(10000, seconds(1)));
  run_for(seconds(1));
  const std::uint32_t next = client_next_.value();
  tell_client(next, 1300);  // nothing is in flight
  client_.say(sample_text(5000), client_host().pool());
  run_for(milliseconds(2));
  tell_client(next - 1, 1300);
  tell_client(next + 5000, 1300);
  tell_client(next + 0x80000000U, 1300);
  EXPECT_EQ(client_counters().path_mtu_ignored.get(), 4U);
  EXPECT_EQ(client_counters().path_mtu_reduced.get(), 0U);
  tell_client(next + 4999, 1300);
  EXPECT_EQ(client_counters().path_mtu_reduced.get(), 1U);
}

TEST_F(PathMtu, AMessageNeverMakesSegmentsLarger) {
  begin(1300, true);
  establish();
  ASSERT_TRUE(transfer(10000, seconds(1)));
  run_for(seconds(1));
  const std::uint64_t before = client_counters().path_mtu_ignored.get();
  client_.say(sample_text(5000), client_host().pool());
  run_for(milliseconds(2));
  tell_client(last_sequence_.value(), 1400);
  tell_client(last_sequence_.value(), 1300);
  EXPECT_EQ(client_counters().path_mtu_ignored.get(), before + 2);
  EXPECT_EQ(client_counters().path_mtu_reduced.get(), 1U);
  run_for(seconds(1));
  largest();
  EXPECT_TRUE(transfer(10000, seconds(1)));
  EXPECT_EQ(largest(), 1300 - kHeaders4);
}

TEST_F(PathMtu, AWorkerBelievesABoundedNumberOfMessagesASecond) {
  StackConfig config;
  config.path_mtu_changes_per_second = 0;
  begin(1300, false, config);
  establish();
  client_.say(sample_text(5000), client_host().pool());
  run_for(milliseconds(2));
  tell_client(last_sequence_.value(), 1300);
  EXPECT_EQ(client_counters().path_mtu_ignored.get(), 1U);
  EXPECT_EQ(client_counters().path_mtu_reduced.get(), 0U);
}

TEST_F(PathMtu, TheCongestionWindowOutlivesAReport) {
  begin(1500, true);
  simulation_->impairments.delay = milliseconds(50);
  establish();
  ASSERT_TRUE(transfer(400000, seconds(30)));
  simulation_->impairments.largest_packet = 1300;
  // Far more than an initial window, in a few round trips: the loss was none of congestion.
  EXPECT_TRUE(transfer(150000, milliseconds(450)));
}

class BlackHole : public PathMtu, public ::testing::WithParamInterface<Family> {};

TEST_P(BlackHole, IsFoundByTimeoutsAndRemembered) {
  begin(1350, false, {}, GetParam());
  establish();
  EXPECT_TRUE(transfer(100000, seconds(10)));
  EXPECT_EQ(client_counters().retransmission_timeouts.get(), 3U);
  EXPECT_EQ(client_counters().black_holes_found.get(), 1U);
  EXPECT_EQ(client_host().path_mtu, 1280);
  EXPECT_TRUE(transfer(100000, milliseconds(500)));

  Probe second;
  establish(second);
  second.say(sample_text(100000), client_host().pool());
  EXPECT_TRUE(eventually([&] { return server().received.size() == 100000; }, milliseconds(500)));
}

INSTANTIATE_TEST_SUITE_P(Families, BlackHole, ::testing::Values(Family::kIPv4, Family::kIPv6));

TEST_F(PathMtu, ABlackHoleMayBeNarrowerThanTheFirstGuess) {
  begin(800, false);
  establish();
  EXPECT_TRUE(transfer(20000, seconds(20)));
  EXPECT_EQ(client_counters().black_hole_probes.get(), 2U);
  EXPECT_EQ(client_counters().black_holes_found.get(), 1U);
  EXPECT_EQ(client_host().path_mtu, 576);
}

TEST_F(PathMtu, ABlackHoleMayOpenWhileAConnectionIsOld) {
  begin(1500, false);
  establish();
  ASSERT_TRUE(transfer(200000, seconds(10)));
  simulation_->impairments.largest_packet = 1400;
  EXPECT_TRUE(transfer(200000, seconds(10)));
  EXPECT_EQ(client_counters().black_holes_found.get(), 1U);
}

TEST_F(PathMtu, SmallSegmentsThatAreLostSuggestNoBlackHole) {
  start();
  establish();
  simulation_->impairments.loss = 1;
  client_.say("small", client_host().pool());
  run_for(seconds(20));
  EXPECT_GT(client_counters().retransmission_timeouts.get(), 3U);
  EXPECT_EQ(client_counters().black_hole_probes.get(), 0U);
}

TEST_F(PathMtu, AnOutageOfAcknowledgmentsIsNoBlackHole) {
  start();
  establish();
  bool cut = true;
  lose = [&](bool from_server, const Segment& segment) {
    largest_ = std::max(largest_, static_cast<std::uint32_t>(segment.payload.size()));
    return cut && from_server;
  };
  client_.say(sample_text(10000), client_host().pool());
  ASSERT_TRUE(eventually([&] { return client_counters().black_hole_probes.get() > 0; }));
  cut = false;
  ASSERT_TRUE(eventually([&] { return client_.acknowledged == 10000; }));
  EXPECT_EQ(client_counters().black_holes_found.get(), 0U);
  EXPECT_EQ(client_host().path_mtu, 1500);
  largest();
  EXPECT_TRUE(transfer(10000, seconds(1)));
  EXPECT_EQ(largest(), 1500 - kHeaders4);
}

TEST_F(PathMtu, BlackHoleDetectionCanBeTurnedOff) {
  StackConfig config;
  config.black_hole_detection = false;
  begin(1350, false, config);
  establish();
  EXPECT_FALSE(transfer(10000, seconds(20)));
  EXPECT_EQ(client_counters().black_hole_probes.get(), 0U);
}

}  // namespace
}  // namespace sluice::tcp::testing
