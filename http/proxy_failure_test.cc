#include <gtest/gtest.h>

#include <string>

#include "http/testing/proxy_world.h"

namespace sluice::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::FakeStream;
using testing::field_of;
using testing::ok_response;
using testing::ProxyWorld;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kPost = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";

// Opens a connection and lets it answer.
void succeed(ProxyWorld& world, std::size_t index) {
  world.open_server(index);
  world.server(index).acknowledge_all();
  world.server(index).deliver(ok_response("fine"));
}

TEST(ConnectFailure, GoesToTheNextServer) {
  ProxyWorld world({.servers = 2});
  FakeStream& client = world.client();
  client.deliver(kPost);
  world.server(0).fail(StreamError::kRefused);
  ASSERT_EQ(world.network.connections(), 2U);
  EXPECT_EQ(world.server(1).remote(), ProxyWorld::server_address(1));
  EXPECT_TRUE(world.open_server(1).ends_with("body")) << "nothing was lost, and it is no GET";
  world.server(1).acknowledge_all();
  world.server(1).deliver(ok_response("fine"));
  EXPECT_TRUE(client.sent().ends_with("fine"));
  EXPECT_EQ(world.server_counters(0).connection_errors.get(), 1U);
  EXPECT_TRUE(world.fleet.server(ServerId(0)).paused());
  EXPECT_EQ(world.server_counters(0).sessions.current(), 0U);
  EXPECT_EQ(world.backend_counters().retries.get(), 1U);
  EXPECT_EQ(world.backend_counters().redispatches.get(), 1U);
}

TEST(ConnectFailure, OfAllServersIs503) {
  ProxyWorld world({.servers = 2});
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.server(0).fail(StreamError::kRefused);
  world.server(1).fail(StreamError::kUnreachable);
  ASSERT_EQ(world.network.connections(), 3U) << "a last resort, for all are paused";
  world.server(2).fail(StreamError::kRefused);
  EXPECT_EQ(world.network.connections(), 3U);
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 503 "));
  EXPECT_FALSE(client.gone()) << "the client may ask again";
  EXPECT_EQ(world.backend_counters().connection_errors.get(), 3U);
}

TEST(ConnectFailure, FailsFastWhileAllServersArePaused) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.server(0).fail(StreamError::kRefused);
  world.server(1).fail(StreamError::kRefused);
  client.take();
  const std::size_t before = world.network.connections();
  client.deliver(kGet);
  ASSERT_EQ(world.network.connections(), before + 1);
  world.network.last_connection().fail(StreamError::kRefused);
  EXPECT_EQ(world.network.connections(), before + 1) << "one attempt, no more";
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 503 "));
}

TEST(ConnectFailure, StopsAfterTheConfiguredRetries) {
  ProxyWorld world({.servers = 8, .backend = [](Backend& backend) { backend.retry.attempts = 3; }});
  FakeStream& client = world.client();
  client.deliver(kGet);
  for (std::size_t i = 0; i < world.network.connections(); ++i) {
    world.server(i).fail(StreamError::kRefused);
  }
  EXPECT_EQ(world.network.connections(), 4U);
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 503 "));
}

TEST(ConnectFailure, ByTimeoutGoesOnToo) {
  ProxyWorld world({.servers = 2});
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.pass(seconds(3));
  EXPECT_TRUE(world.server(0).aborted());
  ASSERT_EQ(world.network.connections(), 2U);
  succeed(world, 1);
  EXPECT_TRUE(client.sent().ends_with("fine"));
}

TEST(ConnectFailure, WithoutARouteIs503) {
  ProxyWorld world({.servers = 2});
  world.network.set_no_route(true);
  FakeStream& client = world.client();
  client.deliver(kGet);
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 503 "));
  EXPECT_FALSE(client.gone());
  EXPECT_GE(world.backend_counters().connection_errors.get(), 2U);
  EXPECT_EQ(world.server_counters(0).sessions.current(), 0U);
  EXPECT_EQ(world.backend_counters().sessions.current(), 0U);
}

TEST(ConnectFailure, WithoutServersIs503) {
  ProxyWorld world({.servers = 0});
  FakeStream& client = world.client();
  client.deliver(kGet);
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 503 "));
}

TEST(ConnectFailure, PausesTheServerUntilATrialSucceeds) {
  ProxyWorld world({.servers = 2});
  world.client().deliver(kGet);
  world.server(0).fail(StreamError::kRefused);
  succeed(world, 1);
  for (int i = 0; i < 4; ++i) world.client().deliver(kGet);
  for (std::size_t i = 2; i < world.network.connections(); ++i) {
    EXPECT_EQ(world.server(i).remote(), ProxyWorld::server_address(1));
  }
  world.pass(seconds(2));
  const std::size_t before = world.network.connections();
  for (int i = 0; i < 4; ++i) world.client().deliver(kGet);
  int trials = 0;
  for (std::size_t i = before; i < world.network.connections(); ++i) {
    if (world.server(i).remote() != ProxyWorld::server_address(0)) continue;
    ++trials;
    world.open_server(i);
  }
  EXPECT_EQ(trials, 1);
  EXPECT_FALSE(world.fleet.server(ServerId(0)).paused());
  EXPECT_EQ(world.server_counters(0).pauses.get(), 1U);
}

TEST(ConnectFailure, ClosesPooledConnectionsToTheServer) {
  ProxyWorld world;
  world.client().deliver(kGet);
  world.client().deliver(kGet);
  succeed(world, 0);
  EXPECT_EQ(world.proxy->idle_upstreams(), 1U);
  world.server(1).fail(StreamError::kTimedOut);
  EXPECT_EQ(world.server(0).closed(), true);
}

TEST(StalePooledConnection, IsReplacedByAFreshOne) {
  for (const bool reset : {false, true}) {
    ProxyWorld world;
    world.warm_up();
    FakeStream& client = world.client();
    client.deliver(kGet);
    ASSERT_EQ(world.network.connections(), 1U);
    if (reset) {
      world.server(0).fail(StreamError::kReset);
    } else {
      world.server(0).end();
    }
    ASSERT_EQ(world.network.connections(), 2U);
    EXPECT_TRUE(world.open_server(1).starts_with("GET / HTTP/1.1\r\nHost: a\r\n"));
    world.server(1).acknowledge_all();
    world.server(1).deliver(ok_response("fine"));
    EXPECT_TRUE(client.sent().ends_with("fine"));
    EXPECT_FALSE(world.fleet.server(ServerId(0)).paused())
        << "closing an idle connection is no fault";
    EXPECT_EQ(world.backend_counters().retries.get(), 1U);
    EXPECT_EQ(world.backend_counters().response_errors.get(), 0U);
  }
}

TEST(StalePooledConnection, IsNotReplacedByAnotherStaleOne) {
  ProxyWorld world;
  world.client().deliver(kGet);
  world.client().deliver(kGet);
  succeed(world, 0);
  succeed(world, 1);
  EXPECT_EQ(world.proxy->idle_upstreams(), 2U);
  world.client().deliver(kGet);
  world.server(1).end();
  EXPECT_EQ(world.network.connections(), 3U);
}

// RFC 9110 section 9.2.2: the server may have done what was asked before it went away.
TEST(StalePooledConnection, IsAnErrorForWhatCannotBeRepeated) {
  ProxyWorld world;
  world.warm_up();
  FakeStream& client = world.client();
  client.deliver("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  ASSERT_EQ(world.network.connections(), 1U);
  world.server(0).end();
  EXPECT_EQ(world.network.connections(), 1U);
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 502 "));
}

TEST(StalePooledConnection, IsNotTrustedWithWhatCannotBeRepeated) {
  ProxyWorld world;
  world.warm_up();
  world.pass(milliseconds(1100));
  FakeStream& client = world.client();
  client.deliver(kPost);
  EXPECT_EQ(world.network.connections(), 2U);
  FakeStream& other = world.client();
  other.deliver(kGet);
  EXPECT_EQ(world.network.connections(), 2U) << "a GET takes the older one";
}

TEST(StalePooledConnection, IsAnErrorOncePartOfTheBodyWasSent) {
  ProxyWorld world;
  world.warm_up();
  FakeStream& client = world.client();
  client.deliver("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo");
  ASSERT_EQ(world.network.connections(), 1U);
  EXPECT_TRUE(world.server(0).sent().ends_with("\r\n\r\nbo"));
  world.server(0).end();
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(field_of(client.sent(), "Connection"), "close");
}

TEST(StalePooledConnection, RepeatsARequestWhoseHeadCameInPieces) {
  ProxyWorld world;
  world.warm_up();
  FakeStream& client = world.client();
  client.deliver(kGet, 1);
  world.server(0).end();
  ASSERT_EQ(world.network.connections(), 2U);
  EXPECT_TRUE(world.open_server(1).starts_with("GET / HTTP/1.1\r\nHost: a\r\n"));
}

TEST(BadServer, ThatClosesWithoutAResponseIs502) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.open_server(0);
  world.server(0).end();
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 502 "));
  EXPECT_FALSE(client.gone());
  EXPECT_EQ(world.network.connections(), 1U) << "a fresh connection is not given a second chance";
  EXPECT_EQ(world.backend_counters().response_errors.get(), 1U);
}

TEST(BadServer, ThatClosesWithinAHeadIs502) {
  ProxyWorld world;
  world.warm_up();
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.server(0).acknowledge_all();
  world.server(0).deliver("HTTP/1.1 200 O");
  world.server(0).end();
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 502 ")) << "a response had begun";
  EXPECT_EQ(world.network.connections(), 1U);
}

TEST(BadServer, ThatSpeaksNoHttpIs502) {
  for (const char* response : {"SSH-2.0-x\r\n\r\n", "\r\n\r\n",
                               "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/2.0 200 OK\r\n\r\n",
                               "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                               "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
                               ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
                                "Transfer-Encoding: chunked\r\n\r\n"),
                               "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
                               "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                               "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n"}) {
    ProxyWorld world;
    FakeStream& client = world.client();
    client.deliver(kGet);
    world.open_server(0);
    world.server(0).acknowledge_all();
    world.server(0).deliver(response);
    EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 502 ")) << response;
    EXPECT_TRUE(world.server(0).aborted()) << response;
    EXPECT_FALSE(client.gone());
  }
}

TEST(BadServer, WithAHugeHeadIs502) {
  ProxyWorld world({.backend = [](Backend& backend) { backend.response_head_bytes = 4096; }});
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.open_server(0);
  world.server(0).deliver("HTTP/1.1 200 OK\r\n");
  for (int i = 0; i < 100; ++i) world.server(0).deliver("X: " + std::string(100, 'x') + "\r\n");
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 502 "));
}

TEST(BadServer, ThatDoesNotAnswerIs504) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.pass(seconds(29));
  EXPECT_EQ(client.sent(), "");
  world.pass(seconds(2));
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 504 "));
  EXPECT_TRUE(world.server(0).aborted());
  EXPECT_FALSE(client.gone());
}

TEST(BadServer, CannotWinTimeWithInterimResponses) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.open_server(0);
  world.server(0).acknowledge_all();
  for (int i = 0; i < 4; ++i) {
    world.pass(seconds(8));
    world.server(0).deliver("HTTP/1.1 102 Processing\r\n\r\n");
  }
  EXPECT_NE(client.sent().find("HTTP/1.1 504 "), std::string::npos);
}

TEST(BadServer, ThatStallsWithinABodyIsBroken) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.server(0).deliver("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
  client.acknowledge_all();
  world.pass(seconds(31));
  EXPECT_TRUE(client.aborted());
}

TEST(BadServer, ThatDoesNotTakeTheRequestIs504) {
  ProxyWorld world({.frontend = [](Frontend& f) { f.timeouts.idle = std::chrono::minutes(5); }});
  FakeStream& client = world.client();
  client.deliver("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n12345");
  world.open_server(0);
  world.pass(seconds(31));
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 504 "));
}

TEST(BadServer, ThatSaysNeitherContinueNorNoIs504) {
  ProxyWorld world({.frontend = [](Frontend& f) { f.timeouts.idle = seconds(10); }});
  FakeStream& client = world.client();
  client.deliver(
      "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n");
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.pass(seconds(25));
  EXPECT_EQ(client.sent(), "") << "the client waits with good reason";
  world.pass(seconds(6));
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 504 "));
}

TEST(EarlyResponse, BeforeTheConnectionIsResetIsStillDelivered) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n12345");
  world.open_server(0);
  world.server(0).deliver("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
  const std::string response = client.take();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(response.ends_with("no"));
  EXPECT_EQ(field_of(response, "Connection"), "close");
  EXPECT_FALSE(client.aborted());
  client.deliver(std::string(1000, 'x'));
  EXPECT_EQ(client.held(), 0U) << "thrown away";
  EXPECT_EQ(world.network.connections(), 1U);
}

// Hoards all buffers but some.
std::vector<Packet> hoard(PacketPool& pool, std::size_t left) {
  std::vector<Packet> packets;
  for (Packet packet = pool.allocate(); packet; packet = pool.allocate()) {
    packets.push_back(std::move(packet));
  }
  packets.resize(packets.size() - std::min(left, packets.size()));
  return packets;
}

TEST(Memory, ThatDoesNotSufficeForTheRequestIs503) {
  ProxyWorld world({.buffers = 64});
  FakeStream& client = world.client();
  const auto taken = hoard(*world.pool, 1);
  client.deliver("GET / HTTP/1.1\r\nHost: a\r\nCookie: " + std::string(3000, 'c') + "\r\n\r\n");
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(world.server(0).aborted());
  EXPECT_EQ(world.proxy->counters().out_of_buffers.get(), 1U);
}

TEST(Memory, ThatDoesNotSufficeForTheResponseResetsTheClient) {
  ProxyWorld world({.buffers = 64});
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.open_server(0);
  world.server(0).acknowledge_all();
  const auto taken = hoard(*world.pool, 1);
  world.server(0).deliver(ok_response("", "Set-Cookie: " + std::string(3000, 'c') + "\r\n"));
  EXPECT_TRUE(client.aborted());
  EXPECT_TRUE(world.server(0).aborted());
}

}  // namespace
}  // namespace sluice::http
