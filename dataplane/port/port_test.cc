#include "dataplane/port/port.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "dataplane/testing/eal.h"

namespace sluice::port {
namespace {

using ::testing::HasSubstr;

// Two ports of this process that are the ends of one wire.
class RingPorts : public ::testing::Test {
 protected:
  RingPorts() {
    testing::start_eal();
    pool_ = std::make_unique<testing::TestPool>(4096);
    environment_ = std::make_unique<DeviceEnvironment>(2);
  }

  std::unique_ptr<Port> open(const std::string& device, std::uint16_t id) {
    auto port =
        std::make_unique<Port>(PortId(id), parse_device_name(device), 0, *environment_, monitor_);
    PacketPool* const pools[] = {&**pool_, &**pool_};
    port->start(pools);
    return port;
  }

  std::string refusal_of(const std::string& device, std::uint16_t id) {
    try {
      open(device, id);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "opened";
  }

  std::unique_ptr<testing::TestPool> pool_;
  LinkMonitor monitor_;
  std::unique_ptr<DeviceEnvironment> environment_;
};

TEST_F(RingPorts, WhatOneSendsTheOtherReceivesOnTheSameQueue) {
  const auto left = open("ring:wire,queues=2", 0);
  const auto right = open("ring:wire,queues=2", 1);
  rte_mbuf* frame = pool_->packet("hello").release();
  ASSERT_EQ(left->transmit(1, &frame, 1), 1);
  std::array<rte_mbuf*, 4> received{};
  EXPECT_EQ(right->receive(0, received.data(), 4), 0);
  ASSERT_EQ(right->receive(1, received.data(), 4), 1);
  EXPECT_EQ(testing::bytes_of(Packet(received[0])), "hello");
  EXPECT_EQ(left->receive(1, received.data(), 4), 0) << "a wire, not a mirror";
}

TEST_F(RingPorts, BothEndsHaveAddressesOfTheirOwn) {
  const auto left = open("ring:addr", 0);
  const auto right = open("ring:addr", 1);
  EXPECT_NE(left->properties().mac, right->properties().mac);
  EXPECT_FALSE(left->properties().mac.is_multicast());
  const auto chosen = open("ring:chosen,mac=02:00:00:00:00:07", 2);
  EXPECT_EQ(chosen->properties().mac.to_string(), "02:00:00:00:00:07");
}

TEST_F(RingPorts, ThirdUseOfANameAndUnequalQueuesAreRefused) {
  const auto left = open("ring:third", 0);
  EXPECT_THAT(refusal_of("ring:third,queues=2", 1), HasSubstr("same ,queues=N"));
  const auto right = open("ring:third", 1);
  EXPECT_THAT(refusal_of("ring:third", 2), HasSubstr("ring:third: both ends"));
}

TEST_F(RingPorts, LinkIsUpAfterStartAndAChangeIsAnnounced) {
  const auto port = open("ring:link", 0);
  EXPECT_TRUE(port->link().up());
  EXPECT_EQ(port->link().falls(), 0U);
  EXPECT_EQ(monitor_.changes(), 1U);
  EXPECT_FALSE(port->refresh_link());
}

TEST_F(RingPorts, SummaryTellsWhoDoesWhat) {
  const auto port = open("ring:sum", 0);
  const PortSummary summary = port->summary();
  EXPECT_EQ(summary.device, "ring:sum");
  EXPECT_EQ(summary.queues, "1 (worker 0)");
  EXPECT_EQ(summary.hardware, "-");
  EXPECT_EQ(summary.software, "rx checksum, tx checksum, segmentation, buffer chains");
  EXPECT_EQ(summary.steering, "hand-off");
  EXPECT_THAT(format_port_table(std::span(&summary, 1)), HasSubstr("in hardware"));
}

TEST_F(RingPorts, UnknownInterfaceIsNamedTogetherWithThoseThatExist) {
  EXPECT_THAT(refusal_of("af_packet:nosuchif0", 0),
              ::testing::AllOf(HasSubstr("interface nosuchif0 does not exist"), HasSubstr("lo")));
  EXPECT_THAT(refusal_of("0000:ff:1f.7", 0), HasSubstr("no such PCI device"));
  EXPECT_THAT(refusal_of("vhost-user:/nonexistent/x.sock", 0), HasSubstr("mkdir -p /nonexistent"));
  EXPECT_THAT(refusal_of("memif:/tmp/nobody-listens.sock,role=client", 0),
              HasSubstr("role=server"));
}

TEST(LinkState, ShortFallIsNotMissed) {
  LinkMonitor monitor;
  LinkState link(monitor);
  EXPECT_TRUE(link.set(true));
  EXPECT_FALSE(link.set(true));
  EXPECT_TRUE(link.set(false));
  EXPECT_TRUE(link.set(true));
  EXPECT_EQ(link.falls(), 1U);
  EXPECT_EQ(monitor.changes(), 3U);
}

TEST(StableMac, IsLocalUnicastAndFollowsTheName) {
  const wire::MacAddress mac = stable_mac("tap:sl0");
  EXPECT_EQ(mac, stable_mac("tap:sl0"));
  EXPECT_NE(mac, stable_mac("tap:sl1"));
  EXPECT_EQ(mac.bytes[0] & 0x03, 0x02);
}

}  // namespace
}  // namespace sluice::port
