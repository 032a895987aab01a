#include <gtest/gtest.h>

#include <string>

#include "http/client_session.h"
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
constexpr std::string_view kGetClose = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

// Lets the server behind answer what it was asked last.
void answer(ProxyWorld& world, std::string_view response, std::size_t server = 0) {
  world.open_server(server);
  world.server(server).acknowledge_all();
  world.server(server).deliver(response);
  world.loop();
}

// RFC 9112 section 9.6.
TEST(ClientConnection, ClosesBehindTheResponseWhenTheClientAsksTo) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGetClose);
  answer(world, ok_response("x"));
  EXPECT_EQ(field_of(client.sent(), "Connection"), "close");
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(world.proxy->idle_upstreams(), 1U) << "the server's side is another matter";
  EXPECT_EQ(world.proxy->sessions(), 0U);
}

TEST(ClientConnection, IgnoresWhatFollowsTheLastRequest) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(std::string(kGetClose) + std::string(kGet));
  answer(world, ok_response("x"));
  EXPECT_TRUE(client.finished());
  EXPECT_FALSE(client.gone()) << "a reset could destroy the response";
  EXPECT_EQ(world.frontend_counters().requests.get(), 1U);
  EXPECT_EQ(client.held(), 0U);
  world.pass(ClientSession::kLingerTime);
  EXPECT_TRUE(client.closed());
}

TEST(ClientConnection, OfHttp10EndsUnlessAskedToStay) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver("GET / HTTP/1.0\r\n\r\n");
  answer(world, ok_response("x"));
  EXPECT_EQ(field_of(client.sent(), "Connection"), "close");
  EXPECT_TRUE(client.closed());
  FakeStream& staying = world.client();
  staying.deliver("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
  answer(world, ok_response("x"));
  EXPECT_EQ(field_of(staying.sent(), "Connection"), "keep-alive");
  EXPECT_FALSE(staying.gone());
}

TEST(ClientConnection, ServesAClientThatHasFinishedSending) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  client.end();
  EXPECT_FALSE(client.gone());
  answer(world, ok_response("x"));
  EXPECT_TRUE(client.sent().ends_with("\r\n\r\nx"));
  EXPECT_TRUE(client.closed());
}

TEST(ClientConnection, AnswersAllPipelinedRequestsOfAFinishedClient) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(std::string(kGet) + std::string(kGet));
  client.end();
  answer(world, ok_response("one"));
  EXPECT_TRUE(client.take().ends_with("one"));
  answer(world, ok_response("two"));
  EXPECT_TRUE(client.take().ends_with("two"));
  EXPECT_TRUE(client.closed());
}

TEST(ClientConnection, EndsQuietlyBetweenRequests) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.end();
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(client.sent(), "");
  EXPECT_EQ(world.frontend_counters().request_errors.get(), 0U);
}

TEST(ClientConnection, CutOffWithinAHeadIsAnError) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver("GET / HT");
  client.end();
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(world.frontend_counters().request_errors.get(), 1U);
}

TEST(ClientConnection, ThatGoesAwayEndsTheExchange) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.open_server(0);
  client.fail(StreamError::kReset);
  EXPECT_TRUE(world.server(0).aborted());
  EXPECT_EQ(world.frontend_counters().client_aborts.get(), 1U);
  EXPECT_EQ(world.backend_counters().client_aborts.get(), 1U);
  EXPECT_EQ(world.backend_counters().sessions.current(), 0U);
  EXPECT_EQ(world.server_counters().sessions.current(), 0U);
  EXPECT_EQ(world.frontend_counters().sessions.current(), 0U);
}

TEST(ClientConnection, EndsAfterItsLastAllowedRequest) {
  ProxyWorld world(
      {.frontend = [](Frontend& frontend) { frontend.limits.requests_per_connection = 2; }});
  FakeStream& client = world.client();
  client.deliver(kGet);
  answer(world, ok_response("x"));
  EXPECT_EQ(field_of(client.take(), "Connection"), "(none)");
  client.deliver(kGet);
  answer(world, ok_response("x"));
  EXPECT_EQ(field_of(client.take(), "Connection"), "close");
  EXPECT_TRUE(client.finished());
  EXPECT_FALSE(client.gone()) << "the client did not know, it may have sent another";
  client.deliver(kGet);
  EXPECT_EQ(client.held(), 0U);
  client.end();
  EXPECT_TRUE(client.closed());
}

// RFC 9112 section 9.6: bounded in bytes and in time.
TEST(ClientConnection, LingersForABoundedAmount) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver("BAD\r\n\r\n");
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(client.finished());
  client.deliver(std::string(ClientSession::kLingerBytes, 'x'));
  EXPECT_FALSE(client.gone());
  client.deliver("y");
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(world.proxy->counters().lingering_timeouts.get(), 1U);
}

TEST(Timeouts, SilentClientsAreClosedSilently) {
  ProxyWorld world;
  FakeStream& client = world.client();
  world.pass(seconds(9));
  EXPECT_FALSE(client.gone());
  world.pass(seconds(2));
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(client.sent(), "");
}

// RFC 9110 section 15.5.9.
TEST(Timeouts, AnUnfinishedHeadIs408) {
  ProxyWorld world;
  FakeStream& client = world.client();
  world.pass(seconds(5));
  client.deliver("GET / HTTP/1.1\r\n");
  for (int i = 0; i < 4; ++i) {
    world.pass(seconds(2));
    client.deliver("X: y\r\n");
  }
  EXPECT_EQ(client.sent(), "");
  world.pass(seconds(3));
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 408 ")) << "a byte now and then gains no time";
  EXPECT_EQ(field_of(client.sent(), "Connection"), "close");
  EXPECT_TRUE(client.finished());
  world.pass(seconds(3));
  EXPECT_TRUE(client.closed());
}

TEST(Timeouts, IdleConnectionsAreClosedSilently) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  answer(world, ok_response("x"));
  client.take();
  client.acknowledge_all();
  world.pass(seconds(59));
  EXPECT_FALSE(client.gone());
  world.pass(seconds(2));
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(client.sent(), "");
}

TEST(Timeouts, AStalledRequestBodyIs408) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n123");
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.pass(seconds(20));
  client.deliver("45");
  world.server(0).acknowledge_all();
  world.pass(seconds(20));
  EXPECT_EQ(client.sent(), "") << "it made progress";
  world.pass(seconds(15));
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 408 ")) << client.sent();
  EXPECT_TRUE(world.server(0).aborted());
}

TEST(Timeouts, AClientThatStopsReadingIsReset) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  answer(world, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(50000, 'x'));
  client.acknowledge(1000);
  world.pass(seconds(20));
  client.acknowledge(1000);
  world.pass(seconds(20));
  EXPECT_FALSE(client.gone());
  world.pass(seconds(50));
  EXPECT_TRUE(client.aborted());
  EXPECT_TRUE(world.server(0).aborted());
}

TEST(Timeouts, ASlowClientIsNotTheServersFault) {
  ProxyWorld world({.frontend = [](Frontend& f) { f.timeouts.idle = std::chrono::minutes(10); }});
  FakeStream& client = world.client();
  client.deliver(kGet);
  answer(world, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(50000, 'x'));
  world.pass(seconds(120));
  EXPECT_FALSE(client.gone());
  client.acknowledge_all();
  world.server(0).deliver(std::string(50000, 'y'));
  EXPECT_EQ(world.proxy->idle_upstreams(), 1U);
}

TEST(UpstreamConnection, IsClosedWhenIdleForTooLong) {
  ProxyWorld world;
  world.warm_up();
  world.pass(seconds(29));
  EXPECT_EQ(world.proxy->idle_upstreams(), 1U);
  world.pass(seconds(2));
  EXPECT_EQ(world.proxy->idle_upstreams(), 0U);
  EXPECT_TRUE(world.server(0).closed());
  EXPECT_EQ(world.server_counters().idle_current.get(), 0U);
}

TEST(UpstreamConnection, IsClosedWhenTheServerEndsIt) {
  ProxyWorld world;
  world.warm_up();
  world.server(0).end();
  EXPECT_TRUE(world.server(0).closed());
  EXPECT_EQ(world.proxy->idle_upstreams(), 0U);
  world.client().deliver(kGet);
  EXPECT_EQ(world.network.connections(), 2U);
}

TEST(UpstreamConnection, IsForgottenWhenTheServerResetsIt) {
  ProxyWorld world;
  world.warm_up();
  world.server(0).fail(StreamError::kReset);
  EXPECT_EQ(world.proxy->idle_upstreams(), 0U);
}

// A response that nobody asked for could be taken for the next one's.
TEST(UpstreamConnection, IsClosedForUnsolicitedBytes) {
  ProxyWorld world;
  world.warm_up();
  world.server(0).deliver(ok_response("evil"));
  EXPECT_TRUE(world.server(0).aborted());
  EXPECT_EQ(world.proxy->counters().unsolicited.get(), 1U);
  FakeStream& client = world.client();
  client.deliver(kGet);
  EXPECT_EQ(world.network.connections(), 2U);
  EXPECT_EQ(client.sent(), "");
}

// A 408 that crosses with the request is no answer to it.
TEST(UpstreamConnection, TakesNoResponseFromBeforeTheRequest) {
  ProxyWorld world;
  world.warm_up();
  FakeStream& client = world.client();
  client.deliver(kGet);
  EXPECT_FALSE(world.server(0).sent().empty());
  world.server(0).deliver("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(world.server(0).aborted());
  EXPECT_EQ(client.sent(), "");
  ASSERT_EQ(world.network.connections(), 2U) << "it is repeated";
  answer(world, ok_response("fine"), 1);
  EXPECT_TRUE(client.sent().ends_with("fine"));
}

TEST(UpstreamConnection, IsNotPooledWithBytesBehindTheResponse) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  answer(world, ok_response("x") + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
  EXPECT_TRUE(client.take().ends_with("\r\n\r\nx"));
  EXPECT_EQ(world.proxy->idle_upstreams(), 0U);
  EXPECT_TRUE(world.server(0).aborted());
}

TEST(UpstreamConnection, IsNotPooledBeforeTheRequestIsAcknowledged) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.open_server(0);
  world.server(0).deliver(ok_response("x"));
  EXPECT_TRUE(client.sent().ends_with("\r\n\r\nx"));
  EXPECT_EQ(world.proxy->idle_upstreams(), 0U);
}

TEST(UpstreamConnection, IsNotPooledWhenTheServerSaysClose) {
  for (const char* line : {"HTTP/1.1 200 OK\r\nConnection: close\r\n", "HTTP/1.0 200 OK\r\n"}) {
    ProxyWorld world;
    FakeStream& client = world.client();
    client.deliver(kGet);
    answer(world, std::string(line) + "Content-Length: 1\r\n\r\nx");
    EXPECT_TRUE(world.server(0).closed());
    EXPECT_EQ(world.proxy->idle_upstreams(), 0U);
    EXPECT_FALSE(client.gone()) << "the client's side is another matter";
  }
}

TEST(UpstreamConnection, OfHttp10IsPooledWhenItSaysKeepAlive) {
  ProxyWorld world;
  world.client().deliver(kGet);
  answer(world, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_EQ(world.proxy->idle_upstreams(), 1U);
}

TEST(UpstreamPool, TakesTheConnectionUsedLast) {
  ProxyWorld world;
  for (int i = 0; i < 3; ++i) world.client().deliver(kGetClose);
  for (const std::size_t i : {1U, 0U, 2U}) answer(world, ok_response("x"), i);
  EXPECT_EQ(world.proxy->idle_upstreams(), 3U);
  world.client().deliver(kGet);
  EXPECT_FALSE(world.server(2).take().empty());
  world.client().deliver(kGet);
  EXPECT_FALSE(world.server(0).take().empty());
}

TEST(UpstreamPool, KeepsAsManyAsConfigured) {
  ProxyWorld world({.backend = [](Backend& backend) { backend.pool_connections = 2; }});
  for (int i = 0; i < 3; ++i) world.client().deliver(kGetClose);
  for (const std::size_t i : {0U, 1U, 2U}) answer(world, ok_response("x"), i);
  EXPECT_EQ(world.proxy->idle_upstreams(), 2U);
  EXPECT_TRUE(world.server(0).closed()) << "the one unused for longest";
  EXPECT_EQ(world.proxy->counters().pool_overflows.get(), 1U);
}

TEST(UpstreamPool, MayBeTurnedOff) {
  ProxyWorld world({.backend = [](Backend& backend) { backend.pool_connections = 0; }});
  world.warm_up();
  EXPECT_EQ(world.proxy->idle_upstreams(), 0U);
}

}  // namespace
}  // namespace sluice::http
