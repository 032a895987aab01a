#include "dataplane/ip/route_table.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "dataplane/ip/network_fixture.h"

namespace sluice::ip::test {
namespace {

class RouteTableTest : public ::testing::Test {
 public:
  RouteTable make() {
    interfaces.clear();
    for (std::size_t i = 0; i < configs.size(); ++i) {
      interfaces.emplace_back(InterfaceId(static_cast<std::uint16_t>(i)), configs[i]);
    }
    return {interfaces, configs};
  }
  void add_route(std::size_t interface, std::string_view destination, std::string_view gateway) {
    configs[interface].routes.push_back({*wire::Prefix::parse(destination), ip(gateway)});
  }
  static void expect_route(const RouteTable& table, std::string_view destination,
                           std::size_t interface, std::string_view next_hop) {
    const auto route = table.find(ip(destination));
    ASSERT_TRUE(route) << destination;
    EXPECT_EQ(route->interface.index(), interface) << destination;
    EXPECT_EQ(route->next_hop, ip(next_hop)) << destination;
  }

  std::vector<InterfaceConfig> configs = two_interfaces();
  std::vector<Interface> interfaces;
};

TEST_F(RouteTableTest, ReachesSubnetsDirectlyAndTheRestThroughGateways) {
  const RouteTable table = make();
  expect_route(table, "198.18.0.77", 0, "198.18.0.77");
  expect_route(table, "198.19.0.11", 1, "198.19.0.11");
  expect_route(table, "198.18.1.1", 0, "198.18.0.254");
  expect_route(table, "2001:db8::77", 0, "2001:db8::77");
  expect_route(table, "2001:db8:1::1", 0, "fe80::fe");
}

TEST_F(RouteTableTest, TheLongestPrefixWins) {
  add_route(1, "198.18.128.0/17", "198.19.0.253");
  add_route(0, "198.18.128.0/24", "198.18.0.253");
  add_route(1, "198.18.128.7/32", "198.19.0.252");
  const RouteTable table = make();
  expect_route(table, "198.18.200.1", 1, "198.19.0.253");
  expect_route(table, "198.18.128.1", 0, "198.18.0.253");
  expect_route(table, "198.18.128.7", 1, "198.19.0.252");
}

TEST_F(RouteTableTest, FindsNothingWithoutADefault) {
  configs[0].routes.clear();
  const RouteTable table = make();
  EXPECT_FALSE(table.find(ip("198.18.1.1")));
  EXPECT_FALSE(table.find(ip("2001:db8:1::1")));
}

TEST_F(RouteTableTest, RefusesGatewaysThatAreNoNeighbours) {
  add_route(0, "198.18.128.0/17", "198.19.0.253");
  EXPECT_THROW(make(), std::invalid_argument) << "on another link";
  configs = two_interfaces();
  add_route(0, "198.18.128.0/17", "198.18.0.1");
  EXPECT_THROW(make(), std::invalid_argument) << "ourselves";
  configs = two_interfaces();
  add_route(0, "198.18.128.0/17", "fe80::1");
  EXPECT_THROW(make(), std::invalid_argument) << "of the other family";
}

TEST(Interface, GivesTheSourceNearestToTheNextHop) {
  InterfaceConfig config = two_interfaces()[0];
  config.addresses.push_back(*wire::Prefix::parse("198.18.5.1/24"));
  const Interface interface(InterfaceId(0), config);
  EXPECT_EQ(interface.source_for(ip("198.18.5.9")), ip("198.18.5.1"));
  EXPECT_EQ(interface.source_for(ip("198.18.0.9")), kOwn4);
  EXPECT_EQ(interface.source_for(ip("198.18.77.9")), kOwn4);
  EXPECT_EQ(interface.source_for(kPeer6), kOwn6);
  EXPECT_EQ(interface.source_for(ip("fe80::9")), wire::link_local_address(kWanMac));
}

TEST(Interface, WithoutAnIpv6AddressHasNoPartInIt) {
  const Interface interface(InterfaceId(0), two_interfaces()[1]);
  EXPECT_FALSE(interface.serves_v6());
  EXPECT_FALSE(interface.source_for(kPeer6));
  EXPECT_FALSE(interface.on_link(ip("fe80::1")));
}

TEST(Interface, IsOnlyAsCapableAsItsWeakestPort) {
  InterfaceConfig config = two_interfaces()[1];
  config.ports[0].offloads.transmit_checksum = true;
  config.ports[0].offloads.multi_segment = true;
  config.ports[1].offloads.multi_segment = true;
  const Interface interface(InterfaceId(0), config);
  EXPECT_EQ(interface.mtu(), 1400);
  EXPECT_FALSE(interface.offloads().transmit_checksum);
  EXPECT_TRUE(interface.offloads().multi_segment);
  config.ports.clear();
  EXPECT_THROW(Interface(InterfaceId(0), config), std::invalid_argument);
}

TEST(BroadcastAddresses, AreTheEndsOfASubnet) {
  EXPECT_EQ(broadcast_addresses(*wire::Prefix::parse("198.18.5.9/22")),
            (std::vector{ip("198.18.7.255"), ip("198.18.4.0")}));
  EXPECT_TRUE(broadcast_addresses(*wire::Prefix::parse("198.18.5.9/31")).empty());
  EXPECT_TRUE(broadcast_addresses(*wire::Prefix::parse("198.18.5.9/32")).empty());
  EXPECT_TRUE(broadcast_addresses(*wire::Prefix::parse("2001:db8::1/64")).empty());
}

TEST(AddressTable, KnowsWhatEachAddressMeans) {
  const auto configs = two_interfaces();
  const std::vector<Interface> interfaces{{InterfaceId(0), configs[0]},
                                          {InterfaceId(1), configs[1]}};
  const AddressTable table(interfaces);
  EXPECT_EQ(table.find(kOwn4)->kind, AddressKind::kOwn);
  EXPECT_EQ(table.find(kFarmOwn)->interface, InterfaceId(1));
  EXPECT_EQ(table.find(ip("198.19.0.255"))->kind, AddressKind::kBroadcast);
  EXPECT_EQ(table.find(ip("ff02::1:ff00:1"))->kind, AddressKind::kMulticast);
  EXPECT_EQ(table.find(ip("ff02::1"))->kind, AddressKind::kMulticast);
  EXPECT_EQ(table.find(kPeer4), nullptr);
  EXPECT_EQ(table.find(kPeer6), nullptr);
  EXPECT_TRUE(table.owns(wire::link_local_address(kWanMac)));
  EXPECT_FALSE(table.owns(wire::link_local_address(kFarm1Mac)));
}

TEST(AddressTable, HoldsManyAddresses) {
  InterfaceConfig config = two_interfaces()[0];
  for (int i = 1; i < 250; ++i) {
    config.addresses.push_back(*wire::Prefix::parse("198.18.9." + std::to_string(i) + "/32"));
  }
  const std::vector<Interface> interfaces{{InterfaceId(0), config}};
  const AddressTable table(interfaces);
  for (const wire::Prefix& subnet : config.addresses) EXPECT_TRUE(table.owns(subnet.address));
  EXPECT_EQ(table.find(ip("198.18.9.250")), nullptr);
}

TEST(AddressTable, RefusesOneAddressOnTwoInterfaces) {
  auto configs = two_interfaces();
  configs[1].addresses.push_back(configs[0].addresses[0]);
  const std::vector<Interface> interfaces{{InterfaceId(0), configs[0]},
                                          {InterfaceId(1), configs[1]}};
  EXPECT_THROW(AddressTable{interfaces}, std::invalid_argument);
}

}  // namespace
}  // namespace sluice::ip::test
