#include "dataplane/tcp/recovery/rack.h"

#include <gtest/gtest.h>

#include <chrono>

#include "dataplane/tcp/recovery/tail_loss_probe.h"

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t kMss = 1000;

class RackTest : public ::testing::Test {
 protected:
  static Instant at(int when) { return Instant(milliseconds(when)); }
  SequenceNumber segment(std::uint32_t number) { return base_ + number * kMss; }
  void send(int when) { board_.sent(board_.end() + kMss, at(when)); }
  bool sack(std::uint32_t number, int when) {
    bool reordered = false;
    board_.sack(segment(number), segment(number + 1), [&](const Scoreboard::Part& part) {
      reordered = rack_.on_delivered(part, at(when)) || reordered;
    });
    return reordered;
  }

  SequenceNumber base_{0xfffff000};
  RangePools pools_{16};
  Scoreboard board_{base_, pools_};
  Rack rack_{base_};
};

// RFC 8985 section 6.2, step 5.
TEST_F(RackTest, WhatWasSentBeforeSomethingDeliveredIsLostAfterTheWindow) {
  for (int i = 0; i < 4; ++i) send(i);
  sack(2, 22);
  // The first was sent 22 ms ago, the second 21 ms; the round trip is 20 ms, the window 5 ms.
  EXPECT_NEAR(static_cast<double>(rack_.detect(board_, milliseconds(5), at(22)).count()), 4e6, 1e4);
  EXPECT_EQ(board_.lost(), 0U);
  (void)rack_.detect(board_, milliseconds(5), at(25));
  EXPECT_EQ(board_.lost(), kMss);
  EXPECT_EQ(rack_.detect(board_, milliseconds(5), at(27)), Duration::zero());
  // What was sent later is not judged.
  EXPECT_EQ(board_.lost(), 2 * kMss);
}

TEST_F(RackTest, ARepairIsLostOnlyAgainstWhatWasSentAfterIt) {
  for (int i = 0; i < 4; ++i) send(i);
  sack(3, 23);
  (void)rack_.detect(board_, Duration::zero(), at(23));
  EXPECT_EQ(board_.lost(), 3 * kMss);
  board_.resent(segment(0), segment(1), at(24));
  send(25);
  (void)rack_.detect(board_, Duration::zero(), at(40));
  EXPECT_EQ(board_.lost(), 2 * kMss);
  sack(4, 45);
  (void)rack_.detect(board_, Duration::zero(), at(45));
  EXPECT_EQ(board_.lost(), 3 * kMss);
}

TEST_F(RackTest, OvertakenSegmentsAreSeenAsReordered) {
  for (int i = 0; i < 4; ++i) send(i);
  EXPECT_FALSE(sack(2, 22));
  EXPECT_TRUE(sack(1, 23));
  EXPECT_FALSE(sack(3, 24));
}

TEST_F(RackTest, ARepairThatArrivesIsNotReordered) {
  for (int i = 0; i < 4; ++i) send(i);
  sack(3, 23);
  (void)rack_.detect(board_, Duration::zero(), at(23));
  board_.resent(segment(0), segment(1), at(24));
  EXPECT_FALSE(sack(0, 44));
}

// RFC 8985 section 6.3.
TEST_F(RackTest, ATimeoutTakesTheFirstAndAllOldOnesForLost) {
  send(0);
  send(100);
  send(190);
  rack_.detect_on_timeout(board_, milliseconds(50), at(200));
  EXPECT_EQ(board_.lost(), 2 * kMss);
}

TEST(ReorderingWindow, IsAQuarterOfTheShortestRoundTripOnceReorderingWasSeen) {
  RoundTrip round_trip;
  round_trip.sample(milliseconds(40));
  round_trip.note_shortest(milliseconds(40), Instant());
  ReorderingWindow window;
  EXPECT_EQ(window.size(round_trip, true), Duration::zero());
  EXPECT_EQ(window.size(round_trip, false), milliseconds(10));
  window.note_reordering();
  EXPECT_EQ(window.size(round_trip, true), milliseconds(10));
}

TEST(ReorderingWindow, WidensWithDuplicatesUpToARoundTripForSixteenRecoveries) {
  RoundTrip round_trip;
  round_trip.sample(milliseconds(40));
  round_trip.note_shortest(milliseconds(40), Instant());
  ReorderingWindow window;
  window.note_reordering();
  window.widen();
  EXPECT_EQ(window.size(round_trip, true), milliseconds(20));
  for (int i = 0; i < 300; ++i) window.widen();
  EXPECT_EQ(window.size(round_trip, true), milliseconds(40));
  for (int i = 0; i < 15; ++i) window.on_recovered();
  EXPECT_EQ(window.size(round_trip, true), milliseconds(40));
  window.on_recovered();
  EXPECT_EQ(window.size(round_trip, true), milliseconds(10));
}

// RFC 8985 section 7.4.2.

using Outcome = TailLossProbe::Outcome;

TEST(TailLossProbe, OfNewDataNeverRepairs) {
  TailLossProbe probe;
  probe.sent(SequenceNumber(100), false);
  EXPECT_EQ(probe.on_acknowledged(SequenceNumber(99), false, false), Outcome::kPending);
  EXPECT_EQ(probe.on_acknowledged(SequenceNumber(100), false, false), Outcome::kNothingLost);
  EXPECT_FALSE(probe.pending());
}

TEST(TailLossProbe, RepairedALossWhenMoreIsAcknowledgedWithoutAReport) {
  TailLossProbe probe;
  probe.sent(SequenceNumber(100), true);
  EXPECT_EQ(probe.on_acknowledged(SequenceNumber(100), false, false), Outcome::kPending);
  EXPECT_EQ(probe.on_acknowledged(SequenceNumber(200), false, false), Outcome::kRepairedALoss);
}

TEST(TailLossProbe, ThatIsReportedOrAcknowledgedTwiceRepairedNothing) {
  TailLossProbe probe;
  probe.sent(SequenceNumber(100), true);
  EXPECT_EQ(probe.on_acknowledged(SequenceNumber(100), true, false), Outcome::kNothingLost);
  probe.sent(SequenceNumber(100), true);
  EXPECT_EQ(probe.on_acknowledged(SequenceNumber(100), false, true), Outcome::kNothingLost);
}

}  // namespace
}  // namespace sluice::tcp
