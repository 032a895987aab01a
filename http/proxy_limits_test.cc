#include <gtest/gtest.h>

#include "http/testing/proxy_world.h"

// Limits of servers and backends, and the line of those that wait for a place.
namespace sluice::http {
namespace {

using namespace std::chrono_literals;
using testing::FakeStream;
using testing::ok_response;
using testing::ProxyWorld;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: www.example\r\n\r\n";

void one_at_a_time(Backend& backend) {
  for (Server& server : backend.servers) server.connection_limit = 1;
  backend.queue.timeout = 2s;
}

void answer(ProxyWorld& world, std::size_t server, std::string_view body) {
  world.server(server).acknowledge_all();
  world.server(server).deliver(ok_response(body));
  world.loop();
}

TEST(ServerLimit, WhoFindsNoPlaceWaitsForTheNext) {
  ProxyWorld world({.backend = one_at_a_time});
  FakeStream& first = world.client();
  FakeStream& second = world.client();
  first.deliver(kGet);
  second.deliver(kGet);
  world.open_server(0);
  EXPECT_EQ(world.network.connections(), 1U);
  EXPECT_EQ(world.fleet.queued(BackendId(0)), 1U);
  answer(world, 0, "one");
  EXPECT_TRUE(first.sent().ends_with("one"));
  world.loop();
  EXPECT_TRUE(world.server(0).take().starts_with("GET / ")) << "on the connection that is free now";
  answer(world, 0, "two");
  EXPECT_TRUE(second.sent().ends_with("two"));
  EXPECT_EQ(world.backend_counters().queued.get(), 1U);
  EXPECT_EQ(world.backend_counters().queue_time.samples(), 1U);
  EXPECT_EQ(world.fleet.in_flight(BackendId(0)), 0U);
}

TEST(ServerLimit, OtherServersTakeWhatOneHasNoPlaceFor) {
  ProxyWorld world(
      {.servers = 2, .backend = [](Backend& backend) { backend.servers[0].connection_limit = 1; }});
  for (int i = 0; i < 4; ++i) world.client().deliver(kGet);
  ASSERT_EQ(world.network.connections(), 4U);
  std::size_t limited = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    limited += world.server(i).remote() == ProxyWorld::server_address(0) ? 1 : 0;
  }
  EXPECT_EQ(limited, 1U);
}

TEST(BackendLimit, HoldsOverAllServers) {
  ProxyWorld world(
      {.servers = 3, .backend = [](Backend& backend) { backend.connection_limit = 2; }});
  for (int i = 0; i < 5; ++i) world.client().deliver(kGet);
  EXPECT_EQ(world.network.connections(), 2U);
  EXPECT_EQ(world.fleet.queued(BackendId(0)), 3U);
}

TEST(Queue, ALongWaitEndsWith503) {
  ProxyWorld world({.backend = one_at_a_time});
  world.client().deliver(kGet);
  FakeStream& second = world.client();
  second.deliver(kGet);
  world.pass(1900ms);
  EXPECT_EQ(second.sent(), "");
  world.pass(200ms);
  EXPECT_TRUE(second.sent().starts_with("HTTP/1.1 503 "));
  EXPECT_EQ(world.backend_counters().queue_refusals.get(), 1U);
  EXPECT_EQ(world.fleet.queued(BackendId(0)), 0U);
}

TEST(Queue, WhoFindsItFullGets503AtOnce) {
  ProxyWorld world({.backend = [](Backend& backend) {
    one_at_a_time(backend);
    backend.queue.length = 1;
  }});
  world.client().deliver(kGet);
  world.client().deliver(kGet);
  FakeStream& third = world.client();
  third.deliver(kGet);
  EXPECT_TRUE(third.sent().starts_with("HTTP/1.1 503 "));
}

TEST(Queue, WhoGoesAwayLeavesIt) {
  ProxyWorld world({.backend = one_at_a_time});
  world.client().deliver(kGet);
  FakeStream& second = world.client();
  FakeStream& third = world.client();
  second.deliver(kGet);
  third.deliver(kGet);
  second.fail(StreamError::kReset);
  world.open_server(0);
  answer(world, 0, "one");
  world.loop();
  answer(world, 0, "three");
  EXPECT_TRUE(third.sent().ends_with("three"));
}

TEST(Queue, ABodyThatCameMeanwhileIsSent) {
  ProxyWorld world({.backend = one_at_a_time});
  world.client().deliver(kGet);
  FakeStream& second = world.client();
  second.deliver("POST / HTTP/1.1\r\nHost: www.example\r\nContent-Length: 4\r\n\r\nab");
  second.deliver("cd");
  world.open_server(0);
  answer(world, 0, "one");
  world.loop();
  EXPECT_TRUE(world.network.last_connection().take().starts_with("POST / "));
}

TEST(Queue, NewcomersDoNotOvertake) {
  ProxyWorld world({.backend = one_at_a_time});
  world.client().deliver(kGet);
  FakeStream& second = world.client();
  second.deliver(kGet);
  world.open_server(0);
  // A place is free before the loop comes round to the line.
  world.server(0).acknowledge_all();
  world.server(0).deliver(ok_response("one"));
  FakeStream& third = world.client();
  third.deliver(kGet);
  world.loop();
  answer(world, 0, "two");
  EXPECT_TRUE(second.sent().ends_with("two"));
  EXPECT_EQ(third.sent(), "");
}

TEST(Queue, EndsWithItsBackend) {
  ProxyWorld world({.backend = one_at_a_time});
  world.client().deliver(kGet);
  FakeStream& second = world.client();
  second.deliver(kGet);
  auto settings = ProxyWorld::make_settings({});
  settings->backends[0] = nullptr;
  world.proxy->adopt(*settings);
  world.loop();
  EXPECT_TRUE(second.sent().starts_with("HTTP/1.1 503 "));
  world.proxy.reset();
}

TEST(Queue, IsServedWhenAReloadLiftsTheLimit) {
  ProxyWorld world({.backend = one_at_a_time});
  world.client().deliver(kGet);
  world.client().deliver(kGet);
  const auto settings = ProxyWorld::make_settings({});
  world.proxy->adopt(*settings);
  world.loop();
  EXPECT_EQ(world.network.connections(), 2U);
  world.proxy.reset();
}

}  // namespace
}  // namespace sluice::http
