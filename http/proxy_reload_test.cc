#include <gtest/gtest.h>

#include <string>

#include "http/testing/proxy_world.h"

namespace sluice::http {
namespace {

using testing::FakeStream;
using testing::field_of;
using testing::ok_response;
using testing::ProxyWorld;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

// Lets the server behind answer what it was asked last.
void answer(ProxyWorld& world, std::string_view response, std::size_t server = 0) {
  world.open_server(server);
  world.server(server).acknowledge_all();
  world.server(server).deliver(response);
  world.loop();
}

TEST(Drain, ClosesWhatIsIdleAndEndsTheRest) {
  ProxyWorld world;
  world.warm_up();
  FakeStream& idle = world.client();
  FakeStream& busy = world.client();
  busy.deliver(kGet);
  FakeStream& begun = world.client();
  begun.deliver("GET / HT");
  world.proxy->drain();
  EXPECT_EQ(world.network.listeners(), 0U);
  EXPECT_TRUE(idle.closed());
  EXPECT_EQ(world.proxy->sessions(), 2U);
  answer(world, ok_response("x"));
  EXPECT_EQ(field_of(busy.sent(), "Connection"), "close");
  EXPECT_TRUE(busy.finished());
  busy.end();
  begun.deliver("TP/1.1\r\nHost: a\r\n\r\n");
  answer(world, ok_response("y"), 1);
  EXPECT_EQ(field_of(begun.sent(), "Connection"), "close");
  begun.end();
  EXPECT_EQ(world.proxy->sessions(), 0U);
  EXPECT_EQ(world.proxy->idle_upstreams(), 0U);
  EXPECT_EQ(world.network.accept(ProxyWorld::kFrontend, ProxyWorld::kClient), nullptr);
}

TEST(Drain, EndsAConnectionWhoseResponseHadBegun) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  answer(world, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
  EXPECT_EQ(field_of(client.sent(), "Connection"), "(none)");
  world.proxy->drain();
  EXPECT_FALSE(client.gone());
  world.server(0).deliver("cd");
  EXPECT_TRUE(client.sent().ends_with("abcd"));
  EXPECT_TRUE(client.finished());
  EXPECT_FALSE(client.gone()) << "the client may have sent its next request already";
  client.end();
  EXPECT_TRUE(client.closed());
}

TEST(Adopt, ServesByTheNewSettingsOnOldConnections) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  answer(world, ok_response("x"));
  client.take();
  auto changed =
      ProxyWorld::make_settings({.frontend = [](Frontend& f) { f.default_backend = {}; }});
  EXPECT_EQ(world.proxy->adopt(*changed), 0U);
  world.settings = std::move(changed);
  client.deliver(kGet);
  EXPECT_TRUE(client.take().starts_with("HTTP/1.1 404 "));
  EXPECT_EQ(world.frontend_counters().requests.get(), 2U) << "counters go on";
}

TEST(Adopt, KeepsPooledConnectionsToServersThatStay) {
  ProxyWorld world({.servers = 2});
  world.warm_up();
  auto same = ProxyWorld::make_settings({.servers = 2});
  world.proxy->adopt(*same);
  world.settings = std::move(same);
  EXPECT_EQ(world.proxy->idle_upstreams(), 1U);
  auto moved = ProxyWorld::make_settings(
      {.servers = 2, .backend = [](Backend& backend) { backend.servers[0].address.port = 9999; }});
  world.proxy->adopt(*moved);
  world.settings = std::move(moved);
  EXPECT_EQ(world.proxy->idle_upstreams(), 0U);
  EXPECT_TRUE(world.server(0).closed());
}

TEST(Adopt, LetsExchangesWithARemovedServerEnd) {
  ProxyWorld world({.servers = 2});
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.open_server(0);
  auto fewer = ProxyWorld::make_settings(
      {.servers = 2, .backend = [](Backend& b) { b.servers.erase(b.servers.begin()); }});
  world.proxy->adopt(*fewer);
  world.settings = std::move(fewer);
  answer(world, ok_response("x"));
  EXPECT_TRUE(client.sent().ends_with("\r\n\r\nx"));
  EXPECT_EQ(world.proxy->idle_upstreams(), 0U) << "nobody will ask this server again";
  client.deliver(kGet);
  EXPECT_EQ(world.network.last_connection().remote(), ProxyWorld::server_address(1));
}

TEST(Adopt, ListensForWhatIsNewAndNotForWhatIsGone) {
  const wire::Endpoint other{wire::IpAddress::v4(198, 18, 1, 2), 80};
  ProxyWorld world;
  FakeStream& client = world.client();
  auto moved = ProxyWorld::make_settings({.frontend = [&](Frontend& f) { f.bind = {other}; }});
  EXPECT_EQ(world.proxy->adopt(*moved), 0U);
  world.settings = std::move(moved);
  EXPECT_FALSE(world.network.listening(ProxyWorld::kFrontend));
  EXPECT_TRUE(world.network.listening(other));
  client.deliver(kGet);
  answer(world, ok_response("x"));
  EXPECT_TRUE(client.sent().ends_with("\r\n\r\nx")) << "existing connections go on";
}

TEST(Adopt, TellsWhatItCannotListenOn) {
  const wire::Endpoint taken{wire::IpAddress::v4(198, 18, 1, 2), 80};
  ProxyWorld world;
  world.network.occupy(taken);
  auto more =
      ProxyWorld::make_settings({.frontend = [&](Frontend& f) { f.bind.push_back(taken); }});
  EXPECT_EQ(world.proxy->adopt(*more), 1U);
  EXPECT_EQ(world.proxy->counters().listen_failures.get(), 1U);
  EXPECT_TRUE(world.network.listening(ProxyWorld::kFrontend));
  world.proxy->adopt(*world.settings);
}

TEST(Adopt, ClosesIdleClientsOfARemovedFrontend) {
  ProxyWorld world;
  FakeStream& idle = world.client();
  FakeStream& busy = world.client();
  busy.deliver(kGet);
  auto none = ProxyWorld::make_settings({});
  none->frontends[0] = nullptr;
  world.proxy->adopt(*none);
  world.settings = std::move(none);
  EXPECT_TRUE(idle.closed());
  answer(world, ok_response("x"));
  EXPECT_EQ(field_of(busy.sent(), "Connection"), "close");
  EXPECT_TRUE(busy.sent().ends_with("\r\n\r\nx"));
}

}  // namespace
}  // namespace sluice::http
