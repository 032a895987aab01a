// What a receiver tells by SACK options (RFC 2018, RFC 2883), seen on the wire.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "dataplane/tcp/testing/simulation.h"

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Probe;
using testing::ProbeAcceptor;
using testing::sample_text;
using testing::SimulatedHost;
using testing::Simulation;
using wire::SackBlock;

constexpr std::uint16_t kPort = 80;

/// A server that answers segments made by hand on a connection that its peer's stack opened.
class SackTest : public ::testing::Test {
 protected:
  void establish(const StackConfig& config = {}) {
    simulation_ = std::make_unique<Simulation>(1, config);
    simulation_->server().stack().listen({simulation_->server().address(), kPort}, acceptor_);
    simulation_->inspect = [this](const SimulatedHost& sender, const Segment& segment) {
      if (segment.has(wire::kSyn)) syns_permit_ = syns_permit_ && segment.options.sack_permitted;
      if (&sender == &simulation_->client()) {
        clock_ = segment.options.timestamps->value;
        return true;
      }
      reports_.emplace_back(segment.options.sack.all().begin(), segment.options.sack.all().end());
      next_ = segment.acknowledgment;
      theirs_ = segment.sequence + segment.length();
      echo_ = segment.options.timestamps->value;
      return true;
    };
    client_.stream =
        simulation_->client().stack().connect({simulation_->server().address(), kPort}, client_);
    ASSERT_TRUE(simulation_->run_until(
        [this] { return client_.opened && !acceptor_.accepted.empty(); }, seconds(5)));
    simulation_->run_for(milliseconds(100));
    first_ = next_;
    reports_.clear();
  }

  /// A segment of the client's with `size` bytes at an offset from the first byte.
  void arrive(std::uint32_t offset, std::size_t size, std::uint8_t flags = wire::kAck) {
    wire::TcpOptions options;
    options.timestamps = {{clock_, echo_}};
    simulation_->inject(simulation_->client(), simulation_->server(),
                        {client_.stream->local().port, kPort, (first_ + offset).value(),
                         theirs_.value(), flags, 1000},
                        std::string(size, 'x'), options);
    simulation_->run_for(milliseconds(2));
  }
  void finish(std::uint32_t offset) { arrive(offset, 0, wire::kAck | wire::kFin); }
  SackBlock block(std::uint32_t begin, std::uint32_t end) {
    return {(first_ + begin).value(), (first_ + end).value()};
  }
  Probe& server() { return *acceptor_.accepted.at(0); }

  std::unique_ptr<Simulation> simulation_;
  ProbeAcceptor acceptor_;
  Probe client_;
  bool syns_permit_ = true;
  std::vector<std::vector<SackBlock>> reports_;
  SequenceNumber first_;
  SequenceNumber next_;
  SequenceNumber theirs_;
  std::uint32_t clock_ = 0;  // the client's timestamp
  std::uint32_t echo_ = 0;
};

TEST_F(SackTest, BothSynsPermitSelectiveAcknowledgments) {
  establish();
  EXPECT_TRUE(syns_permit_);
}

TEST_F(SackTest, EveryAckTellsTheRunsThatAreHeldTheNewestFirst) {
  establish();
  arrive(100, 10);
  EXPECT_THAT(reports_.back(), ElementsAre(block(100, 110)));
  arrive(200, 10);
  EXPECT_THAT(reports_.back(), ElementsAre(block(200, 210), block(100, 110)));
  arrive(300, 10);
  arrive(400, 10);
  // Beside timestamps there is room for three.
  EXPECT_THAT(reports_.back(), ElementsAre(block(400, 410), block(300, 310), block(200, 210)));
  arrive(110, 10);
  EXPECT_THAT(reports_.back(), ElementsAre(block(100, 120), block(400, 410), block(300, 310)));
}

// It tells the sender that what is before it may be lost.
TEST_F(SackTest, AFinOutOfOrderIsToldOf) {
  establish();
  finish(100);
  EXPECT_THAT(reports_.back(), ElementsAre(block(100, 101)));
  arrive(20, 10);
  EXPECT_THAT(reports_.back(), ElementsAre(block(20, 30), block(100, 101)));
  arrive(90, 10);
  EXPECT_THAT(reports_.back(), ElementsAre(block(90, 101), block(20, 30)));
}

TEST_F(SackTest, NothingIsToldOfWhatIsAcknowledged) {
  establish();
  arrive(100, 10);
  arrive(200, 10);
  arrive(0, 100);
  EXPECT_EQ(next_, first_ + 110);
  EXPECT_THAT(reports_.back(), ElementsAre(block(200, 210)));
  arrive(110, 90);
  EXPECT_EQ(next_, first_ + 210);
  EXPECT_THAT(reports_.back(), IsEmpty());
}

// RFC 2883 section 4.1.
TEST_F(SackTest, ADuplicateOfWhatWasAcknowledgedIsReportedOnce) {
  establish();
  arrive(0, 100);
  simulation_->run_for(milliseconds(50));
  arrive(0, 100);
  EXPECT_THAT(reports_.back(), ElementsAre(block(0, 100)));
  arrive(100, 10);
  simulation_->run_for(milliseconds(50));
  EXPECT_THAT(reports_.back(), IsEmpty());
}

TEST_F(SackTest, ADuplicateOfWhatIsHeldComesBeforeTheRunItIsIn) {
  establish();
  arrive(100, 10);
  arrive(110, 10);
  arrive(100, 10);
  EXPECT_THAT(reports_.back(), ElementsAre(block(100, 110), block(100, 120)));
}

// RFC 2883 section 4.2.
TEST_F(SackTest, APartialDuplicateReportsThePartThatWasHere) {
  establish();
  arrive(0, 100);
  simulation_->run_for(milliseconds(50));
  reports_.clear();
  arrive(50, 100);
  simulation_->run_for(milliseconds(50));
  EXPECT_THAT(reports_, ElementsAre(ElementsAre(block(50, 100))));
  EXPECT_EQ(next_, first_ + 150);
}

TEST_F(SackTest, WhatFillsAHoleAndRepeatsWhatWasBehindItReportsThat) {
  establish();
  arrive(50, 100);
  reports_.clear();
  arrive(0, 60);
  EXPECT_THAT(reports_.front(), ElementsAre(block(50, 60)));
  EXPECT_EQ(next_, first_ + 150);
}

TEST_F(SackTest, EveryDuplicateIsReportedByAnAckOfItsOwn) {
  establish();
  arrive(0, 300);
  simulation_->run_for(milliseconds(50));
  reports_.clear();
  wire::TcpOptions options;
  options.timestamps = {{clock_, echo_}};
  for (std::uint32_t i = 0; i < 3; ++i) {
    simulation_->inject(simulation_->client(), simulation_->server(),
                        {client_.stream->local().port, kPort, (first_ + i * 100).value(),
                         theirs_.value(), wire::kAck, 1000},
                        std::string(100, 'x'), options);
  }
  simulation_->run_for(milliseconds(1));
  EXPECT_THAT(reports_, ElementsAre(ElementsAre(block(0, 100)), ElementsAre(block(100, 200)),
                                    ElementsAre(block(200, 300))));
}

TEST_F(SackTest, WhereItIsTurnedOffNothingIsOfferedOrReported) {
  establish({.sack = false});
  EXPECT_FALSE(syns_permit_);
  arrive(100, 10);
  arrive(100, 10);
  EXPECT_THAT(reports_.back(), IsEmpty());
}

TEST_F(SackTest, DataSegmentsCarryBlocksAndStillFitThePath) {
  establish();
  arrive(100, 10);
  arrive(200, 10);
  reports_.clear();
  std::size_t largest = 0;
  std::size_t with_blocks = 0;
  simulation_->inspect = [&](const SimulatedHost& sender, const Segment& segment) {
    if (&sender != &simulation_->server() || segment.payload.empty()) return true;
    if (segment.options.sack.size() == 2) ++with_blocks;
    largest = std::max(largest, segment.payload.size() + segment.options.size());
    return true;
  };
  server().say(sample_text(100'000), simulation_->server().pool());
  ASSERT_TRUE(
      simulation_->run_until([&] { return client_.received.size() == 100'000; }, seconds(5)));
  EXPECT_GT(with_blocks, 50U);
  EXPECT_LE(largest, 1460U);
}

}  // namespace
}  // namespace sluice::tcp
