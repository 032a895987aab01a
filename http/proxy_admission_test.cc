// Who may connect to a frontend, and how many at once.
#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <vector>

#include "http/address_filter.h"
#include "http/testing/proxy_world.h"

namespace sluice::http {
namespace {

using testing::FakeStream;
using testing::ProxyWorld;

FakeStream* connect(ProxyWorld& world, const wire::IpAddress& from) {
  return world.network.accept(ProxyWorld::kFrontend, {from, 50000});
}

TEST(Admission, RefusesWhoIsDenied) {
  for (const bool tcp : {false, true}) {
    ProxyWorld world({.frontend = [tcp](Frontend& frontend) {
      const std::vector<wire::Prefix> denied = {{wire::IpAddress::v4(198, 18, 0, 0), 24}};
      frontend.filter =
          std::make_shared<const AddressFilter>(std::span<const wire::Prefix>(), denied);
      frontend.tcp = tcp;
    }});
    EXPECT_EQ(connect(world, wire::IpAddress::v4(198, 18, 0, 77)), nullptr);
    EXPECT_EQ(world.frontend_counters().denied_connections.get(), 1U);
    EXPECT_EQ(world.frontend_counters().sessions.total(), 0U);
    EXPECT_NE(connect(world, wire::IpAddress::v4(198, 18, 1, 77)), nullptr);
    EXPECT_EQ(world.frontend_counters().denied_connections.get(), 1U);
  }
}

TEST(Admission, RefusesWhoIsTooMany) {
  ProxyWorld world({.frontend = [](Frontend& frontend) { frontend.connection_limit = 2; }});
  FakeStream& first = world.client();
  world.client();
  EXPECT_EQ(connect(world, wire::IpAddress::v4(198, 18, 0, 77)), nullptr);
  EXPECT_EQ(world.frontend_counters().excess_connections.get(), 1U);
  first.fail(StreamError::kReset);
  EXPECT_NE(connect(world, wire::IpAddress::v4(198, 18, 0, 77)), nullptr);
}

TEST(Admission, CountsTheClientsOfAllWorkers) {
  ProxyWorld world(
      {.frontend = [](Frontend& frontend) { frontend.connection_limit = 3; }, .workers = 2});
  world.fleet.load(1).sessions[0].add(2);
  EXPECT_NE(connect(world, wire::IpAddress::v4(198, 18, 0, 77)), nullptr);
  EXPECT_EQ(connect(world, wire::IpAddress::v4(198, 18, 0, 77)), nullptr);
  world.fleet.load(1).sessions[0].subtract();
  EXPECT_NE(connect(world, wire::IpAddress::v4(198, 18, 0, 77)), nullptr);
  EXPECT_EQ(world.fleet.load(0).sessions[0].get(), 2U);
  EXPECT_EQ(world.fleet.sessions(FrontendId(0)), 3U);
}

}  // namespace
}  // namespace sluice::http
