#include "dataplane/worker/transmitter.h"

#include <gtest/gtest.h>

#include <memory>

#include "dataplane/testing/eal.h"

namespace sluice::worker {
namespace {

constexpr port::PortId kPort{0};

// One port with one queue, which is worker 0's; two workers.
class TransmitterTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kWorkers = 2;

  TransmitterTest() {
    testing::start_eal();
    static int count = 0;
    const std::string name = "tx" + std::to_string(count++);
    pool_ = std::make_unique<testing::TestPool>(4096);
    environment_ = std::make_unique<port::DeviceEnvironment>(kWorkers);
    mesh_ = std::make_unique<port::HandOffMesh>(name.c_str(), kWorkers);
    port_ = std::make_unique<port::Port>(kPort, port::parse_device_name("ring:" + name), 0,
                                         *environment_, links_);
    far_ = std::make_unique<port::Port>(port::PortId(1), port::parse_device_name("ring:" + name), 0,
                                        *environment_, links_);
    PacketPool* const pools[kWorkers] = {&**pool_, &**pool_};
    port_->start(pools);
    far_->start(pools);
    ports_[0] = port_.get();
    for (std::uint32_t i = 0; i < kWorkers; ++i) {
      transmitters_.push_back(std::make_unique<Transmitter>(
          i, kWorkers, ports_, mesh_.get(), **pool_, std::span(&counters_[i], 1), tap_));
    }
  }
  ~TransmitterTest() override {
    transmitters_.clear();
    mesh_.reset();
    port_.reset();
    far_.reset();
    environment_.reset();
  }

  void transmit(std::uint32_t worker, std::size_t frames) {
    for (std::size_t i = 0; i < frames; ++i) {
      transmitters_[worker]->transmit(kPort, pool_->packet("frame"));
    }
  }

  // Frames that have arrived at the far end.
  std::size_t arrived() {
    std::size_t total = 0;
    std::array<rte_mbuf*, 64> packets{};
    while (const std::uint16_t count = far_->receive(0, packets.data(), 64)) {
      for (std::uint16_t i = 0; i < count; ++i) rte_pktmbuf_free(packets[i]);
      total += count;
    }
    return total;
  }

  std::unique_ptr<testing::TestPool> pool_;
  port::LinkMonitor links_;
  std::unique_ptr<port::DeviceEnvironment> environment_;
  std::unique_ptr<port::HandOffMesh> mesh_;
  std::unique_ptr<port::Port> port_;
  std::unique_ptr<port::Port> far_;
  std::array<port::Port*, 1> ports_{};
  std::array<port::Counters, kWorkers> counters_;
  capture::CaptureTap tap_{0, [] { return Instant(); }};
  std::vector<std::unique_ptr<Transmitter>> transmitters_;
};

TEST_F(TransmitterTest, FramesWaitForTheEndOfTheBurst) {
  transmit(0, 3);
  EXPECT_EQ(arrived(), 0U);
  EXPECT_EQ(transmitters_[0]->flush(), 3U);
  EXPECT_EQ(arrived(), 3U);
  EXPECT_EQ(counters_[0].transmitted_packets.get(), 3U);
  EXPECT_EQ(counters_[0].transmitted_bytes.get(), 15U);
  EXPECT_EQ(transmitters_[0]->flush(), 0U);
}

TEST_F(TransmitterTest, AFullBatchLeavesAtOnce) {
  transmit(0, port::kBurst + 1);
  EXPECT_EQ(arrived(), port::kBurst);
  transmitters_[0]->flush();
  EXPECT_EQ(arrived(), 1U);
}

constexpr std::size_t kPortRoom = port::RingWires::kRingSize - 1;

TEST_F(TransmitterTest, WhatThePortDoesNotTakeWaitsForTheNextPass) {
  transmit(0, kPortRoom + 10);
  transmitters_[0]->flush();
  EXPECT_TRUE(transmitters_[0]->behind());
  EXPECT_EQ(counters_[0].transmitted_packets.get(), kPortRoom);
  EXPECT_EQ(counters_[0].transmitted_bytes.get(), 5 * kPortRoom);
  EXPECT_EQ(transmitters_[0]->flush(), 0U);
  EXPECT_EQ(arrived(), kPortRoom);
  EXPECT_EQ(transmitters_[0]->flush(), 10U);
  EXPECT_FALSE(transmitters_[0]->behind());
  EXPECT_EQ(arrived(), 10U);
  EXPECT_EQ(counters_[0].transmit_drops.get(), 0U);
  EXPECT_EQ(counters_[0].transmitted_bytes.get(), 5 * (kPortRoom + 10));
}

TEST_F(TransmitterTest, RoomIsKeptForWhatCannotWait) {
  transmit(0, kPortRoom + Transmitter::kMostData - 1);
  transmitters_[0]->flush();
  EXPECT_TRUE(transmitters_[0]->has_room(port_->id()));
  transmit(0, 1);
  EXPECT_FALSE(transmitters_[0]->has_room(port_->id()));
  transmit(0, Transmitter::kMostWaiting - Transmitter::kMostData);
  EXPECT_EQ(counters_[0].transmit_drops.get(), 0U);
  arrived();
  transmitters_[0]->flush();
  EXPECT_TRUE(transmitters_[0]->has_room(port_->id()));
}

TEST_F(TransmitterTest, FramesLeaveInTheirOrder) {
  const auto number = [](std::size_t i) { return std::to_string(100'000 + i); };
  const std::size_t count = kPortRoom + 3 * port::kBurst;
  for (std::size_t i = 0; i < count; ++i) {
    transmitters_[0]->transmit(kPort, pool_->packet(number(i)));
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (i % 50 == 0) transmitters_[0]->flush();
    rte_mbuf* received = nullptr;
    ASSERT_EQ(far_->receive(0, &received, 1), 1) << i;
    ASSERT_EQ(testing::bytes_of(Packet(received)), number(i));
  }
}

TEST_F(TransmitterTest, WhatComesOnTopOfWhatMayWaitIsDroppedAndCounted) {
  transmit(0, kPortRoom + Transmitter::kMostWaiting + 10);
  transmitters_[0]->flush();
  EXPECT_EQ(counters_[0].transmitted_packets.get(), kPortRoom);
  EXPECT_EQ(counters_[0].transmit_drops.get(), 10U);
  EXPECT_EQ(arrived(), kPortRoom);
  EXPECT_EQ(transmitters_[0]->flush(),
            kPortRoom < Transmitter::kMostWaiting ? kPortRoom : Transmitter::kMostWaiting);
}

TEST_F(TransmitterTest, AWorkerWithoutQueueSendsThroughOneThatHasOne) {
  transmit(1, 2);
  transmitters_[1]->flush();
  EXPECT_EQ(arrived(), 0U);
  EXPECT_EQ(counters_[1].transmit_handed_off.get(), 2U);
  EXPECT_EQ(transmitters_[0]->collect(), 2U);
  transmitters_[0]->flush();
  EXPECT_EQ(arrived(), 2U);
  EXPECT_EQ(counters_[0].transmitted_packets.get(), 2U);
}

TEST_F(TransmitterTest, AFullRingToTheOtherWorkerDropsAndCounts) {
  constexpr std::size_t kRoom = port::HandOffMesh::kRingSize - 1;
  transmit(1, kRoom + 5);
  transmitters_[1]->flush();
  EXPECT_EQ(counters_[1].transmit_hand_off_drops.get(), 5U);
}

TEST_F(TransmitterTest, AChainIsCopiedIntoOneBufferWhereThePortTakesNoChains) {
  Packet chain = pool_->packet("two ");
  rte_pktmbuf_chain(chain.get(), pool_->packet("pieces").release());
  transmitters_[0]->transmit(kPort, std::move(chain));
  transmitters_[0]->flush();
  rte_mbuf* received = nullptr;
  ASSERT_EQ(far_->receive(0, &received, 1), 1);
  const Packet packet(received);
  EXPECT_TRUE(packet.contiguous());
  EXPECT_EQ(testing::bytes_of(packet), "two pieces");
}

TEST_F(TransmitterTest, AChainThatFitsNoBufferIsRefusedAndCounted) {
  Packet chain = pool_->packet(std::string(PacketPool::kDataRoom, 'a'));
  rte_pktmbuf_chain(chain.get(), pool_->packet("b").release());
  transmitters_[0]->transmit(kPort, std::move(chain));
  EXPECT_EQ(transmitters_[0]->flush(), 0U);
  EXPECT_EQ(counters_[0].transmit_refused.get(), 1U);
}

TEST_F(TransmitterTest, UnsentFramesAreFreedWithTheTransmitter) {
  transmit(0, kPortRoom + 10);
  transmitters_[0]->flush();
  transmit(0, 3);
  transmit(1, 3);
}  // the pool's destructor looks for them

}  // namespace
}  // namespace sluice::worker
