// LISTEN and SYN-RECEIVED of a passive open (RFC 9293 sections 3.10.7.2 and 3.10.7.4), seen from
// outside by segments made by hand.
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "dataplane/tcp/testing/simulation.h"

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;
using testing::ProbeAcceptor;
using testing::SimulatedHost;
using testing::Simulation;

constexpr std::uint16_t kPort = 80;
constexpr std::uint16_t kTheirPort = 2000;
constexpr std::uint32_t kTheirSyn = 1000;

class HalfOpenTest : public ::testing::Test {
 protected:
  void SetUp() override {
    StackConfig config;
    config.syn_cookies = SynCookieUse::kOff;
    simulation_ = std::make_unique<Simulation>(1, config);
    ASSERT_TRUE(stack().listen({simulation_->server().address(), kPort}, acceptor_));
    simulation_->inspect = [this](const SimulatedHost& sender, const Segment& segment) {
      if (&sender != &simulation_->server()) return true;
      ++answers_;
      flags_ = segment.flags;
      if (segment.has(wire::kSyn)) ours_ = segment.sequence.value();
      return false;
    };
  }
  Stack& stack() { return simulation_->server().stack(); }
  const Counters& counters() { return stack().counters(); }

  /// A segment at an offset from the SYN; returns the flags of what answered it, 0 for silence.
  std::uint8_t arrive(std::uint8_t flags, std::uint32_t offset, std::uint32_t acknowledgment = 0,
                      std::string_view payload = {}) {
    answers_ = 0;
    flags_ = 0;
    simulation_->inject(simulation_->client(), simulation_->server(),
                        {kTheirPort, kPort, kTheirSyn + offset, acknowledgment, flags, 1000},
                        payload);
    simulation_->run_for(milliseconds(10));
    EXPECT_LE(answers_, 1);
    return flags_;
  }
  void begin() {
    ASSERT_EQ(arrive(wire::kSyn, 0), wire::kSyn | wire::kAck);
    ASSERT_EQ(stack().half_open(), 1U);
  }

  std::unique_ptr<Simulation> simulation_;
  ProbeAcceptor acceptor_;
  int answers_ = 0;
  std::uint8_t flags_ = 0;
  std::uint32_t ours_ = 0;
};

TEST_F(HalfOpenTest, AListenerDropsWhatNeitherOpensNorAcknowledges) {
  EXPECT_EQ(arrive(0, 0), 0);
  EXPECT_EQ(arrive(wire::kFin, 0), 0);
  EXPECT_EQ(arrive(wire::kPsh, 0, 0, "data"), 0);
  EXPECT_EQ(arrive(wire::kSyn | wire::kFin, 0), 0);
  EXPECT_EQ(counters().listener_ignored.get(), 4U);
  EXPECT_EQ(stack().half_open(), 0U);
}

TEST_F(HalfOpenTest, AListenerDropsResetsAndResetsAcknowledgments) {
  EXPECT_EQ(arrive(wire::kRst, 0), 0);
  EXPECT_EQ(arrive(wire::kRst | wire::kAck, 0, 1), 0);
  EXPECT_EQ(arrive(wire::kAck, 0, 1), wire::kRst);
  EXPECT_EQ(arrive(wire::kSyn | wire::kAck, 0, 1), wire::kRst);
}

TEST_F(HalfOpenTest, TheSynAgainIsAnsweredAgain) {
  begin();
  EXPECT_EQ(arrive(wire::kSyn, 0), wire::kSyn | wire::kAck);
}

TEST_F(HalfOpenTest, AnotherSynIsChallenged) {
  begin();
  EXPECT_EQ(arrive(wire::kSyn, 500), wire::kAck);
  EXPECT_EQ(stack().half_open(), 1U);
}

// RFC 5961 section 3.2.
TEST_F(HalfOpenTest, OnlyAnExactResetEndsTheHandshake) {
  begin();
  EXPECT_EQ(arrive(wire::kRst, 2), wire::kAck);
  EXPECT_EQ(arrive(wire::kRst | wire::kAck, 100, ours_ + 1), wire::kAck);
  EXPECT_EQ(stack().half_open(), 1U);
  EXPECT_EQ(arrive(wire::kRst, 1), 0);
  EXPECT_EQ(stack().half_open(), 0U);
}

TEST_F(HalfOpenTest, AResetOutsideOfTheWindowIsDropped) {
  begin();
  EXPECT_EQ(arrive(wire::kRst, 0), 0);
  EXPECT_EQ(arrive(wire::kRst, 100'000), 0);
  EXPECT_EQ(stack().half_open(), 1U);
}

// The sequence number is looked at first, whatever else the segment says.
TEST_F(HalfOpenTest, ASegmentOutsideOfTheWindowIsAcknowledged) {
  begin();
  EXPECT_EQ(arrive(0, 100'000, 0, "data"), wire::kAck);
  EXPECT_EQ(arrive(wire::kAck, 100'000, ours_ + 1), wire::kAck);
  EXPECT_EQ(arrive(wire::kAck, 100'000, ours_ + 7), wire::kAck);
  EXPECT_EQ(stack().half_open(), 1U);
}

TEST_F(HalfOpenTest, ASegmentInTheWindowWithoutAnAckIsDropped) {
  begin();
  EXPECT_EQ(arrive(wire::kPsh, 1, 0, "data"), 0);
  EXPECT_EQ(stack().half_open(), 1U);
}

TEST_F(HalfOpenTest, AnAckOfWhatWasNotSentIsReset) {
  begin();
  EXPECT_EQ(arrive(wire::kAck, 1, ours_ + 2), wire::kRst);
  EXPECT_EQ(stack().half_open(), 1U);
}

TEST_F(HalfOpenTest, TheAckOfOurSynOpensTheConnection) {
  begin();
  arrive(wire::kAck, 1, ours_ + 1);
  EXPECT_EQ(stack().half_open(), 0U);
  EXPECT_EQ(stack().connections(), 1U);
}

}  // namespace
}  // namespace sluice::tcp
