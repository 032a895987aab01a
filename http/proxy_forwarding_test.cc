#include <gtest/gtest.h>

#include "http/testing/proxy_world.h"

namespace sluice::http {
namespace {

using testing::FakeStream;
using testing::field_of;
using testing::ok_response;
using testing::ProxyWorld;

TEST(Proxy, ForwardsARequestAndItsResponse) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver("GET /a?b=c HTTP/1.1\r\nHost: www.example\r\nX-Custom: 1\r\n\r\n");
  ASSERT_EQ(world.network.connections(), 1U);
  EXPECT_EQ(world.server(0).remote(), ProxyWorld::server_address(0));
  const std::string request = world.open_server(0);
  EXPECT_TRUE(request.starts_with("GET /a?b=c HTTP/1.1\r\nHost: www.example\r\n")) << request;
  EXPECT_EQ(field_of(request, "X-Custom"), "1");
  EXPECT_EQ(field_of(request, "X-Forwarded-For"), "198.18.0.77");
  EXPECT_EQ(field_of(request, "X-Forwarded-Proto"), "http");
  EXPECT_EQ(field_of(request, "X-Forwarded-Host"), "www.example");
  EXPECT_EQ(field_of(request, "Via"), "1.1 sluice");
  world.server(0).acknowledge_all();
  world.server(0).deliver(ok_response("hello", "Server: origin\r\n"));
  EXPECT_EQ(
      client.take(),
      "HTTP/1.1 200 OK\r\nServer: origin\r\nContent-Length: 5\r\nVia: 1.1 sluice\r\n\r\nhello");
  EXPECT_FALSE(client.gone());
  EXPECT_EQ(world.proxy->idle_upstreams(), 1U);
  EXPECT_EQ(client.held(), 0U);
  EXPECT_EQ(world.server(0).held(), 0U);
}

TEST(Proxy, UsesAPooledConnectionForTheNextRequest) {
  ProxyWorld world;
  FakeStream& client = world.client();
  for (int i = 0; i < 3; ++i) {
    client.deliver("GET / HTTP/1.1\r\nHost: www.example\r\n\r\n");
    ASSERT_EQ(world.network.connections(), 1U);
    world.open_server(0);
    world.server(0).acknowledge_all();
    world.server(0).deliver(ok_response("hello"));
    EXPECT_TRUE(client.take().ends_with("hello"));
    client.acknowledge_all();
    world.loop();
  }
  EXPECT_EQ(world.backend_counters().connections_opened.get(), 1U);
  EXPECT_EQ(world.backend_counters().connections_reused.get(), 2U);
  EXPECT_EQ(world.frontend_counters().requests.get(), 3U);
  EXPECT_EQ(world.frontend_counters().responses.get(2), 3U);
  EXPECT_EQ(world.backend_counters().sessions.current(), 0U);
  EXPECT_EQ(world.server_counters().sessions.total(), 3U);
}

}  // namespace
}  // namespace sluice::http
