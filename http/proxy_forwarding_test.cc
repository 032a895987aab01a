#include <gtest/gtest.h>

#include "http/testing/proxy_world.h"

namespace sluice::http {
namespace {

using testing::FakeStream;
using testing::field_of;
using testing::ok_response;
using testing::ProxyWorld;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: www.example\r\n\r\n";

// What a client sees of a response that the server gives to a request of the client.
struct Exchanged {
  std::string request;
  std::string response;
  FakeStream* client;
};
Exchanged exchange(ProxyWorld& world, std::string_view request, std::string_view response) {
  FakeStream& client = world.client();
  client.deliver(request);
  Exchanged result{.request = world.open_server(0), .response = {}, .client = &client};
  world.server(0).acknowledge_all();
  world.server(0).deliver(response);
  result.response = client.take();
  return result;
}

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

TEST(Proxy, SendsTheRequestBeforeTheConnectionIsOpen) {
  ProxyWorld world;
  world.client().deliver(kGet);
  EXPECT_FALSE(world.server(0).sent().empty()) << "it leaves right behind the handshake";
}

TEST(Proxy, UsesAPooledConnectionForTheNextRequest) {
  ProxyWorld world;
  FakeStream& client = world.client();
  for (int i = 0; i < 3; ++i) {
    client.deliver(kGet);
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
  EXPECT_EQ(world.server_counters().idle_current.get(), 1U);
}

TEST(Proxy, SharesPooledConnectionsAmongClients) {
  ProxyWorld world;
  world.warm_up();
  FakeStream& other = world.client();
  other.deliver(kGet);
  EXPECT_EQ(world.network.connections(), 1U);
  EXPECT_TRUE(world.server(0).take().starts_with("GET / "));
}

TEST(Proxy, TakesServersInTurn) {
  ProxyWorld world({.servers = 3});
  for (int i = 0; i < 6; ++i) world.client().deliver(kGet);
  ASSERT_EQ(world.network.connections(), 6U);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(world.server(i).remote(), ProxyWorld::server_address(i % 3));
  }
}

TEST(Proxy, RoutesByHostAndPath) {
  ProxyWorld world({.frontend = [](Frontend& frontend) {
    frontend.default_backend = {};
    frontend.routes = {{"www.example", "/app", BackendId(0)}};
  }});
  FakeStream& client = world.client();
  client.deliver("GET /app/x HTTP/1.1\r\nHost: WWW.example:8080\r\n\r\n");
  EXPECT_EQ(world.network.connections(), 1U);
  FakeStream& other = world.client();
  other.deliver("GET /other HTTP/1.1\r\nHost: www.example\r\n\r\n");
  EXPECT_TRUE(other.take().starts_with("HTTP/1.1 404 "));
  EXPECT_FALSE(other.gone()) << "nothing is wrong with the connection";
  EXPECT_EQ(world.network.connections(), 1U);
  EXPECT_EQ(world.frontend_counters().unrouted.get(), 1U);
}

// RFC 9112 section 3.2.2.
TEST(Proxy, RoutesAnAbsoluteTargetByItsOwnHost) {
  ProxyWorld world({.frontend = [](Frontend& frontend) {
    frontend.default_backend = {};
    frontend.routes = {{"real.example", "", BackendId(0)}};
  }});
  world.client().deliver("GET http://real.example/x HTTP/1.1\r\nHost: www.example\r\n\r\n");
  ASSERT_EQ(world.network.connections(), 1U);
  EXPECT_TRUE(world.open_server(0).starts_with("GET /x HTTP/1.1\r\nHost: real.example\r\n"));
}

TEST(Proxy, ForwardsOptionsOfTheWholeServer) {
  ProxyWorld world;
  world.client().deliver("OPTIONS * HTTP/1.1\r\nHost: www.example\r\n\r\n");
  EXPECT_TRUE(world.open_server(0).starts_with("OPTIONS * HTTP/1.1\r\n"));
}

// RFC 9110 section 15.5.6.
TEST(Proxy, RefusesConnectAndTrace) {
  ProxyWorld world;
  FakeStream& trace = world.client();
  trace.deliver("TRACE / HTTP/1.1\r\nHost: www.example\r\n\r\n");
  EXPECT_NE(trace.sent().find("405 Method"), std::string::npos);
  EXPECT_NE(trace.sent().find("\r\nAllow: "), std::string::npos);
  FakeStream& connect = world.client();
  connect.deliver("CONNECT www.example:443 HTTP/1.1\r\nHost: www.example:443\r\n\r\n");
  EXPECT_NE(connect.sent().find("405 Method"), std::string::npos);
  EXPECT_TRUE(connect.finished());
  EXPECT_EQ(world.network.connections(), 0U);
  EXPECT_EQ(world.frontend_counters().denied.get(), 2U);
}

// RFC 9110 section 9.3.2.
TEST(Proxy, ResponseToHeadHasNoBody) {
  ProxyWorld world;
  const Exchanged done = exchange(world, "HEAD / HTTP/1.1\r\nHost: www.example\r\n\r\n",
                                  "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
  EXPECT_EQ(field_of(done.response, "Content-Length"), "1000");
  EXPECT_TRUE(done.response.ends_with("\r\n\r\n"));
  EXPECT_EQ(world.proxy->idle_upstreams(), 1U);
  done.client->deliver(kGet);
  world.server(0).acknowledge_all();
  world.server(0).deliver(ok_response("x"));
  EXPECT_TRUE(done.client->take().ends_with("\r\n\r\nx"));
}

TEST(Proxy, NoBodyByStatus) {
  for (const char* status : {"204 No Content", "304 Not Modified"}) {
    ProxyWorld world;
    const Exchanged done =
        exchange(world, kGet, "HTTP/1.1 " + std::string(status) + "\r\nETag: x\r\n\r\n");
    EXPECT_TRUE(done.response.starts_with("HTTP/1.1 " + std::string(status))) << done.response;
    EXPECT_TRUE(done.response.ends_with("\r\n\r\n"));
    EXPECT_EQ(field_of(done.response, "Transfer-Encoding"), "(none)");
    EXPECT_EQ(world.proxy->idle_upstreams(), 1U);
    EXPECT_FALSE(done.client->gone());
  }
}

// RFC 9110 section 15.2.
TEST(Proxy, ForwardsInterimResponses) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.server(0).deliver("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  EXPECT_EQ(client.take(), "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nVia: 1.1 sluice\r\n\r\n");
  world.server(0).deliver("HTTP/1.1 100 Continue\r\n\r\n" + ok_response("x"));
  const std::string rest = client.take();
  EXPECT_TRUE(rest.starts_with("HTTP/1.1 100 Continue\r\n")) << rest;
  EXPECT_TRUE(rest.ends_with("\r\n\r\nx")) << rest;
  EXPECT_EQ(world.frontend_counters().responses.get(1), 2U);
  EXPECT_EQ(world.proxy->idle_upstreams(), 1U);
}

TEST(Proxy, KeepsInterimResponsesFromHttp10Clients) {
  ProxyWorld world;
  const Exchanged done = exchange(world, "GET / HTTP/1.0\r\n\r\n",
                                  "HTTP/1.1 103 Early Hints\r\n\r\n" + ok_response("x"));
  EXPECT_TRUE(done.response.starts_with("HTTP/1.1 200 ")) << done.response;
}

TEST(Proxy, BoundsInterimResponses) {
  ProxyWorld world;
  std::string endless;
  for (int i = 0; i < 100; ++i) endless += "HTTP/1.1 102 Processing\r\n\r\n";
  const Exchanged done = exchange(world, kGet, endless);
  EXPECT_NE(done.response.find("HTTP/1.1 502 "), std::string::npos);
  EXPECT_TRUE(world.server(0).aborted());
}

TEST(Proxy, SendsTheFirstBodyBytesWithTheHead) {
  ProxyWorld world;
  const Exchanged done =
      exchange(world, kGet, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
  EXPECT_TRUE(done.response.ends_with("\r\n\r\n12345"));
  world.server(0).deliver("67890");
  EXPECT_EQ(done.client->take(), "67890");
  EXPECT_EQ(world.proxy->idle_upstreams(), 1U);
}

TEST(Proxy, LeavesOutWhatItIsToldTo) {
  ProxyWorld world({.frontend = [](Frontend& frontend) {
    frontend.forwarded_headers = false;
    frontend.via_header = false;
  }});
  const Exchanged done = exchange(world, kGet, ok_response("x"));
  EXPECT_EQ(done.request, kGet);
  EXPECT_EQ(done.response, ok_response("x"));
}

TEST(Proxy, CountsBytesAndTimes) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.pass(std::chrono::milliseconds(50));
  const std::string request = world.open_server(0);
  world.server(0).acknowledge_all();
  world.pass(std::chrono::milliseconds(100));
  world.server(0).deliver(ok_response("hello"));
  EXPECT_EQ(world.frontend_counters().bytes_in.get(), kGet.size());
  EXPECT_EQ(world.frontend_counters().bytes_out.get(), client.sent().size());
  EXPECT_EQ(world.backend_counters().bytes_in.get(), request.size());
  EXPECT_EQ(world.server_counters().bytes_out.get(), ok_response("hello").size());
  EXPECT_NEAR(static_cast<double>(world.server_counters().connect_time.total_microseconds()), 50e3,
              5e3);
  EXPECT_NEAR(static_cast<double>(world.backend_counters().response_time.total_microseconds()),
              100e3, 5e3);
  EXPECT_NEAR(static_cast<double>(world.backend_counters().total_time.total_microseconds()), 150e3,
              8e3);
}

}  // namespace
}  // namespace sluice::http
