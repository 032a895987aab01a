// Requests that ask for another protocol, and the tunnels that they become.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "http/testing/proxy_world.h"

namespace sluice::http {
namespace {

using std::chrono::minutes;
using testing::FakeStream;
using testing::field_of;
using testing::ok_response;
using testing::ProxyWorld;

constexpr std::string_view kAsk =
    "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
constexpr std::string_view kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

// A client that has asked, and a server that has said yes, with `behind` in the same packet.
class Upgraded : public ::testing::Test {
 protected:
  void SetUp() override { ask(); }
  void ask(std::string_view behind = "") {
    client_ = &world_.client();
    client_->deliver(kAsk);
    const std::size_t index = world_.network.connections() - 1;
    request_ = world_.open_server(index);
    server_ = &world_.server(index);
    server_->acknowledge_all();
    server_->deliver(std::string(kSwitch).append(behind));
    world_.loop();
    response_ = client_->take();
    client_->acknowledge_all();
  }

  ProxyWorld world_;
  FakeStream* client_ = nullptr;
  FakeStream* server_ = nullptr;
  std::string request_;
  std::string response_;
};

TEST_F(Upgraded, RequestAndResponseGoThroughWithBothFields) {
  EXPECT_TRUE(request_.starts_with("GET /chat HTTP/1.1\r\n")) << request_;
  EXPECT_EQ(field_of(request_, "Connection"), "upgrade");
  EXPECT_EQ(field_of(request_, "Upgrade"), "websocket");
  EXPECT_EQ(field_of(request_, "Sec-WebSocket-Key"), "dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_TRUE(response_.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << response_;
  EXPECT_EQ(field_of(response_, "Connection"), "upgrade");
  EXPECT_EQ(field_of(response_, "Upgrade"), "websocket");
  EXPECT_EQ(field_of(response_, "Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(field_of(response_, "Content-Length"), "(none)");
}

TEST_F(Upgraded, BytesPassBothWaysAsTheyAre) {
  client_->deliver("ping GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(server_->take(), "ping GET / HTTP/1.1\r\n\r\n");
  server_->deliver("HTTP/1.1 400 pong\r\n\r\n");
  EXPECT_EQ(client_->take(), "HTTP/1.1 400 pong\r\n\r\n");
  EXPECT_EQ(world_.network.connections(), 1U);
}

TEST_F(Upgraded, BytesThatCameWithThe101BelongToTheTunnel) {
  ask("hello");
  EXPECT_TRUE(response_.ends_with("\r\n\r\nhello")) << response_;
  EXPECT_EQ(server_->held(), 0U) << "acknowledged";
}

TEST_F(Upgraded, AWindowOpensAsTheOtherSideAcknowledges) {
  const std::string much(100'000, 'x');
  server_->deliver(much);
  EXPECT_EQ(server_->held(), much.size());
  client_->acknowledge(60'000);
  EXPECT_EQ(server_->held(), 40'000U);
  client_->acknowledge_all();
  EXPECT_EQ(server_->held(), 0U);
  client_->deliver(much);
  EXPECT_EQ(client_->held(), much.size());
  server_->acknowledge_all();
  EXPECT_EQ(client_->held(), 0U);
}

TEST_F(Upgraded, AWindowGrowsWhenTheOtherSideStarves) {
  client_->starving = true;
  server_->deliver("some");
  client_->acknowledge_all();
  EXPECT_EQ(server_->widened(), 1);
}

TEST_F(Upgraded, OneSideMayEndFirst) {
  client_->deliver("last words");
  client_->end();
  EXPECT_TRUE(server_->finished());
  EXPECT_FALSE(server_->gone());
  server_->deliver("answer");
  EXPECT_EQ(client_->take(), "answer");
  EXPECT_FALSE(client_->finished());
  server_->end();
  EXPECT_TRUE(client_->closed());
  EXPECT_TRUE(server_->closed());
  world_.loop();
  EXPECT_EQ(world_.proxy->sessions(), 0U);
  EXPECT_EQ(world_.backend_counters().sessions.current(), 0U);
  EXPECT_EQ(world_.server_counters().sessions.current(), 0U);
  EXPECT_EQ(world_.server_counters().server_aborts.get(), 0U);
}

TEST_F(Upgraded, AFailureOfOneSideResetsTheOther) {
  server_->fail(StreamError::kReset);
  EXPECT_TRUE(client_->aborted());
  EXPECT_EQ(world_.server_counters().server_aborts.get(), 1U);
  ask();
  client_->fail(StreamError::kReset);
  EXPECT_TRUE(server_->aborted());
  EXPECT_EQ(world_.frontend_counters().client_aborts.get(), 1U);
  EXPECT_EQ(world_.server_counters().client_aborts.get(), 1U);
  world_.loop();
  EXPECT_EQ(world_.proxy->sessions(), 0U);
}

TEST_F(Upgraded, CountsBytesAndSessions) {
  const std::uint64_t in = world_.frontend_counters().bytes_in.get();
  const std::uint64_t out = world_.frontend_counters().bytes_out.get();
  client_->deliver("four");
  server_->deliver("seventy");
  EXPECT_EQ(world_.frontend_counters().bytes_in.get(), in + 4);
  EXPECT_EQ(world_.frontend_counters().bytes_out.get(), out + 7);
  EXPECT_EQ(world_.server_counters().bytes_in.get(), request_.size() + 4);
  EXPECT_EQ(world_.backend_counters().bytes_out.get(), kSwitch.size() + 7);
  EXPECT_EQ(world_.frontend_counters().sessions.current(), 1U);
  EXPECT_EQ(world_.server_counters().sessions.current(), 1U);
  EXPECT_EQ(world_.backend_counters().responses.get(1), 1U);
  EXPECT_EQ(world_.frontend_counters().responses.get(1), 1U);
}

TEST_F(Upgraded, EitherSideKeepsItAlive) {
  for (int i = 0; i < 2; ++i) {
    world_.pass(minutes(50));
    client_->deliver("x");
    world_.pass(minutes(50));
    server_->deliver("x");
    world_.pass(minutes(50));
    server_->acknowledge_all();
    client_->acknowledge_all();
  }
  EXPECT_FALSE(client_->gone());
  world_.pass(minutes(61));
  EXPECT_TRUE(client_->aborted());
  EXPECT_TRUE(server_->aborted());
  EXPECT_EQ(world_.proxy->sessions(), 0U);
}

TEST_F(Upgraded, OutlivesAReloadAndADrain) {
  const auto next = ProxyWorld::make_settings({.frontend = [](Frontend& frontend) {
    frontend.bind = {{wire::IpAddress::v4(198, 18, 1, 1), 81}};
  }});
  next->frontends[0] = nullptr;
  next->backends[0] = nullptr;
  EXPECT_EQ(world_.proxy->adopt(*next), 0U);
  world_.settings.reset();
  client_->deliver("still");
  EXPECT_EQ(server_->take(), "still");
  world_.proxy->drain();
  world_.loop();
  server_->deliver("here");
  EXPECT_EQ(client_->take(), "here");
  EXPECT_EQ(world_.proxy->sessions(), 1U);
  client_->end();
  server_->end();
  world_.loop();
  EXPECT_EQ(world_.proxy->sessions(), 0U);
}

TEST_F(Upgraded, IsResetWithTheProxy) {
  world_.proxy.reset();
  EXPECT_TRUE(client_->aborted());
  EXPECT_TRUE(server_->aborted());
}

TEST_F(Upgraded, IsNotPooled) {
  client_->end();
  server_->end();
  world_.loop();
  world_.client().deliver(kGet);
  EXPECT_EQ(world_.network.connections(), 2U);
}

// What a client sends before the answer could be a request to one server and a frame to another.
TEST(Upgrade, NothingIsSentBehindTheRequestBeforeThe101) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(std::string(kAsk) + "early");
  client.end();
  EXPECT_TRUE(world.open_server(0).ends_with("\r\n\r\n"));
  world.server(0).acknowledge_all();
  EXPECT_FALSE(world.server(0).finished());
  world.server(0).deliver(kSwitch);
  EXPECT_EQ(world.server(0).take(), "early");
  EXPECT_TRUE(world.server(0).finished());
}

TEST(Upgrade, AnyOtherAnswerIsAnOrdinaryResponse) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(std::string(kAsk).append(kGet));
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.server(0).deliver(ok_response("no", "Upgrade: websocket\r\n"));
  const std::string response = client.take();
  EXPECT_TRUE(response.ends_with("no"));
  EXPECT_EQ(field_of(response, "Upgrade"), "(none)");
  EXPECT_TRUE(world.server(0).take().starts_with("GET / HTTP/1.1\r\n")) << "the next request";
}

// The request's fields for the server of one that asks with these.
std::string forwarded(std::string_view line, std::string_view fields, std::string_view body = "") {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(
      std::string(line).append("\r\nHost: a\r\n").append(fields).append("\r\n").append(body));
  return world.open_server(0);
}

TEST(Upgrade, IsNotPassedOnWhereItDoesNotCount) {
  const std::string_view get = "GET / HTTP/1.1";
  const std::string_view nominated = "Connection: Upgrade\r\n";
  struct Case {
    std::string_view line;
    std::string fields;
    std::string_view body{};
  };
  const Case cases[] = {
      {"GET / HTTP/1.0", std::string(nominated) + "Upgrade: websocket\r\n"},
      {get, "Upgrade: websocket\r\n"},
      {get, std::string(nominated)},
      {get, std::string(nominated) + "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"},
      {get, std::string(nominated) + "Upgrade: websocket, h2c\r\n"},
      {get, std::string(nominated) + "Upgrade: websocket\r\nUpgrade: other\r\n"},
      {"POST / HTTP/1.1", std::string(nominated) + "Upgrade: websocket\r\nContent-Length: 4\r\n",
       "body"},
      {"POST / HTTP/1.1",
       std::string(nominated) + "Upgrade: websocket\r\nTransfer-Encoding: chunked\r\n",
       "0\r\n\r\n"},
  };
  for (const Case& each : cases) {
    const std::string request = forwarded(each.line, each.fields, each.body);
    EXPECT_NE(request, "") << each.fields;
    EXPECT_EQ(field_of(request, "Upgrade"), "(none)") << request;
    EXPECT_EQ(field_of(request, "Connection"), "(none)") << request;
    EXPECT_EQ(field_of(request, "HTTP2-Settings"), "(none)") << request;
  }
}

TEST(Upgrade, A101ThatWasNotAskedForIs502) {
  const std::string_view requests[] = {
      kGet,
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
      "Content-Length: 4\r\n\r\nbody",
  };
  for (const std::string_view request : requests) {
    ProxyWorld world;
    FakeStream& client = world.client();
    client.deliver(request);
    world.open_server(0);
    world.server(0).acknowledge_all();
    world.server(0).deliver(kSwitch);
    EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 502 ")) << client.sent();
    EXPECT_TRUE(world.server(0).aborted());
  }
}

TEST(Upgrade, A101WithoutItsFieldsIs502) {
  for (const auto* response :
       {"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
        "HTTP/1.0 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 101 x\r\nUpgrade: websocket, h2c\r\nConnection: upgrade\r\n\r\n"}) {
    ProxyWorld world;
    FakeStream& client = world.client();
    client.deliver(kAsk);
    world.open_server(0);
    world.server(0).acknowledge_all();
    world.server(0).deliver(response);
    EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 502 ")) << response;
  }
}

TEST(Upgrade, OnAStalePooledConnectionIsAskedForOnceMore) {
  ProxyWorld world;
  world.warm_up();
  FakeStream& client = world.client();
  client.deliver(kAsk);
  world.server(0).fail(StreamError::kReset);
  ASSERT_EQ(world.network.connections(), 2U);
  EXPECT_EQ(field_of(world.open_server(1), "Upgrade"), "websocket");
  world.server(1).acknowledge_all();
  world.server(1).deliver(kSwitch);
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 101 "));
}

TEST(Upgrade, WithoutBuffersForThe101ResetsBothSides) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kAsk);
  world.open_server(0);
  world.server(0).acknowledge_all();
  std::vector<Packet> held;
  while (Packet packet = world.pool->allocate()) held.push_back(std::move(packet));
  held.pop_back();  // for the delivery itself
  world.server(0).deliver(kSwitch);
  EXPECT_TRUE(client.aborted());
  EXPECT_TRUE(world.server(0).aborted());
  held.clear();
  world.loop();
  EXPECT_EQ(world.proxy->sessions(), 0U);
  EXPECT_EQ(world.backend_counters().sessions.current(), 0U);
}

}  // namespace
}  // namespace sluice::http
