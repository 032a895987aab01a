#include "dataplane/port/steering.h"

#include <gtest/gtest.h>
#include <rte_mbuf.h>

#include <memory>

#include "dataplane/testing/eal.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/flow.h"

namespace sluice::port {
namespace {

constexpr PortId kPort{0};
constexpr HashKey kKey{0x0123456789abcdef, 0xfedcba9876543210};

// An Ethernet frame with a TCP segment from 198.18.0.2:`port` to 198.18.0.1:80.
std::string tcp_frame(std::uint16_t port) {
  std::string frame(14 + 20 + 20, '\0');
  auto* bytes = reinterpret_cast<std::uint8_t*>(frame.data());
  wire::store_be16(bytes + 12, 0x0800);
  std::uint8_t* ip = bytes + 14;
  ip[0] = 0x45;
  wire::store_be16(ip + 2, 40);
  ip[8] = 64;
  ip[9] = 6;
  const std::uint8_t addresses[] = {198, 18, 0, 2, 198, 18, 0, 1};
  std::memcpy(ip + 12, addresses, sizeof addresses);
  wire::store_be16(ip + 20, port);
  wire::store_be16(ip + 22, 80);
  ip[32] = 0x50;
  return frame;
}

std::string arp_frame() {
  std::string frame(60, '\0');
  wire::store_be16(reinterpret_cast<std::uint8_t*>(frame.data()) + 12, 0x0806);
  return frame;
}

class SteeringTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kWorkers = 3;

  SteeringTest() {
    testing::start_eal();
    pool_ = std::make_unique<testing::TestPool>(8192);
    mesh_ = std::make_unique<HandOffMesh>("test", kWorkers);
    for (std::uint32_t worker = 0; worker < kWorkers; ++worker) {
      counters_.push_back(std::make_unique<Counters>());
      steering_.push_back(std::make_unique<Steering>(worker, kWorkers, kKey, *mesh_, **pool_,
                                                     std::span(counters_.back().get(), 1)));
    }
  }
  ~SteeringTest() override {
    mesh_.reset();
    pool_.reset();
  }

  // What a worker has after it received these frames and everybody took what was handed over:
  // the bytes of each worker's packets.
  std::vector<std::vector<std::string>> deliver(std::uint32_t receiver,
                                                const std::vector<std::string>& frames) {
    std::vector<rte_mbuf*> burst;
    burst.reserve(frames.size());
    for (const std::string& frame : frames) burst.push_back(pool_->packet(frame).release());
    std::vector<std::vector<std::string>> seen(kWorkers);
    const std::size_t own = steering_[receiver]->sort(kPort, burst);
    drain({burst.data(), own}, seen[receiver]);
    for (std::uint32_t to = 0; to < kWorkers; ++to) {
      for (std::uint32_t from = 0; from < kWorkers; ++from) {
        if (from == to) continue;
        std::array<rte_mbuf*, kBurst> taken{};
        const std::size_t count = steering_[to]->take(from, taken);
        for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(taken[i]->port, kPort.value());
        drain({taken.data(), count}, seen[to]);
      }
    }
    return seen;
  }

  static void drain(std::span<rte_mbuf*> packets, std::vector<std::string>& into) {
    for (rte_mbuf* mbuf : packets) into.push_back(testing::bytes_of(Packet(mbuf)));
  }

  std::unique_ptr<testing::TestPool> pool_;
  std::unique_ptr<HandOffMesh> mesh_;
  std::vector<std::unique_ptr<Counters>> counters_;
  std::vector<std::unique_ptr<Steering>> steering_;
};

TEST_F(SteeringTest, EveryFlowIsSeenByItsOwnerAloneWhoeverReceivesIt) {
  for (std::uint16_t port = 1; port < 200; ++port) {
    const wire::FlowKey flow{wire::IpAddress::v4(198, 18, 0, 1), wire::IpAddress::v4(198, 18, 0, 2),
                             80, port};
    const std::uint32_t owner = wire::owner_of(wire::flow_hash(kKey, flow), kWorkers);
    for (std::uint32_t receiver = 0; receiver < kWorkers; ++receiver) {
      const auto seen = deliver(receiver, {tcp_frame(port)});
      for (std::uint32_t worker = 0; worker < kWorkers; ++worker) {
        EXPECT_EQ(seen[worker].size(), worker == owner ? 1U : 0U);
      }
    }
  }
}

TEST_F(SteeringTest, AllWorkersGetTheirShare) {
  std::vector<std::size_t> counts(kWorkers);
  for (std::uint16_t port = 1; port <= 300; ++port) {
    const auto seen = deliver(0, {tcp_frame(port)});
    for (std::uint32_t worker = 0; worker < kWorkers; ++worker) {
      counts[worker] += seen[worker].size();
    }
  }
  for (const std::size_t count : counts) EXPECT_GT(count, 60U);
}

TEST_F(SteeringTest, ArpReachesEverybodyInBuffersOfTheirOwn) {
  const auto seen = deliver(1, {arp_frame()});
  for (const auto& frames : seen) {
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(frames[0], arp_frame());
  }
  EXPECT_EQ(counters_[1]->copied.get(), kWorkers - 1);
}

TEST_F(SteeringTest, WhatBelongsToNobodyStays) {
  const auto seen = deliver(2, {std::string(60, 'x'), std::string(3, 'y')});
  EXPECT_EQ(seen[2].size(), 2U);
  EXPECT_EQ(counters_[2]->handed_off.get(), 0U);
}

TEST_F(SteeringTest, KeepsTheOrderOfEachWorkersPackets) {
  std::vector<std::string> frames;
  for (std::uint16_t port = 1; port <= kBurst; ++port) frames.push_back(tcp_frame(port));
  const auto seen = deliver(0, frames);
  for (const auto& received : seen) {
    std::uint16_t last = 0;
    for (const std::string& frame : received) {
      const std::uint16_t port =
          wire::load_be16(reinterpret_cast<const std::uint8_t*>(frame.data()) + 34);
      EXPECT_GT(port, last);
      last = port;
    }
  }
}

TEST_F(SteeringTest, FullRingDropsAndCounts) {
  std::size_t sent = 0;
  while (counters_[0]->hand_off_drops.get() == 0 &&
         sent < std::size_t{4} * HandOffMesh::kRingSize) {
    rte_mbuf* packet = pool_->packet(arp_frame()).release();
    ASSERT_EQ(steering_[0]->sort(kPort, {&packet, 1}), 1U);
    rte_pktmbuf_free(packet);
    ++sent;
  }
  EXPECT_EQ(sent, HandOffMesh::kRingSize);  // the ring holds one less than its size
  EXPECT_EQ(counters_[0]->hand_off_drops.get(), kWorkers - 1);
}

TEST_F(SteeringTest, WithoutBuffersTheReceiverStillGetsItsArp) {
  std::vector<Packet> hoard;
  rte_mbuf* packet = pool_->packet(arp_frame()).release();
  while (Packet taken = (*pool_)->allocate()) hoard.push_back(std::move(taken));
  EXPECT_EQ(steering_[0]->sort(kPort, {&packet, 1}), 1U);
  EXPECT_EQ(counters_[0]->copy_failures.get(), kWorkers - 1);
  rte_pktmbuf_free(packet);
}

}  // namespace
}  // namespace sluice::port
