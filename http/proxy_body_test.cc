#include <gtest/gtest.h>

#include <string>

#include "http/client_session.h"
#include "http/testing/proxy_world.h"

namespace sluice::http {
namespace {

using testing::FakeStream;
using testing::field_of;
using testing::ok_response;
using testing::ProxyWorld;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kPostHead = "POST / HTTP/1.1\r\nHost: a\r\n";

std::string body_of(const std::string& message) {
  return message.substr(message.find("\r\n\r\n") + 4);
}

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

// Decodes a complete chunked body.
std::string dechunk(std::string_view text) {
  std::string data;
  for (;;) {
    const std::size_t line = text.find("\r\n");
    if (line == std::string_view::npos) return "(cut off)";
    const std::size_t size = std::stoul(std::string(text.substr(0, line)), nullptr, 16);
    text.remove_prefix(line + 2);
    if (size == 0) return text == "\r\n" ? data : "(trailing bytes)";
    data += text.substr(0, size);
    text.remove_prefix(size + 2);
  }
}

TEST(RequestBody, OfAKnownLengthGoesThrough) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kPostHead + "Content-Length: 10\r\n\r\n12345");
  const std::string head = world.open_server(0);
  EXPECT_EQ(field_of(head, "Content-Length"), "10");
  EXPECT_EQ(body_of(head), "12345");
  client.deliver("67890");
  EXPECT_EQ(world.server(0).take(), "67890");
  world.server(0).acknowledge_all();
  world.server(0).deliver(ok_response("done"));
  EXPECT_TRUE(client.take().ends_with("done"));
  EXPECT_EQ(world.proxy->idle_upstreams(), 1U);
  EXPECT_EQ(client.held(), 0U);
}

TEST(RequestBody, WaitsForTheConnection) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kPostHead + "Content-Length: 5\r\n\r\n12345");
  EXPECT_EQ(body_of(world.server(0).sent()), "") << "a failed connect must leave it to send again";
  EXPECT_EQ(body_of(world.open_server(0)), "12345");
}

TEST(RequestBody, InChunksIsChunkedAnew) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kPostHead + "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n");
  std::string sent = world.open_server(0);
  EXPECT_EQ(field_of(sent, "Transfer-Encoding"), "chunked");
  client.deliver("1\r\nf\r\n0\r\nX-Trailer: 1\r\n\r\n");
  sent += world.server(0).take();
  EXPECT_EQ(dechunk(body_of(sent)), "abcdef");
  world.server(0).acknowledge_all();
  world.server(0).deliver(ok_response(""));
  EXPECT_EQ(world.proxy->idle_upstreams(), 1U);
}

TEST(RequestBody, OfNoBytesInChunksIsComplete) {
  ProxyWorld world;
  world.client().deliver(kPostHead + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  EXPECT_EQ(body_of(world.open_server(0)), "0\r\n\r\n");
}

// RFC 9110 section 10.1.1.
TEST(RequestBody, FollowsTheServersContinue) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kPostHead + "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  const std::string head = world.open_server(0);
  EXPECT_EQ(field_of(head, "Expect"), "100-continue");
  EXPECT_EQ(client.take(), "") << "only the server can know whether it wants the body";
  world.server(0).acknowledge_all();
  world.server(0).deliver("HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_TRUE(client.take().starts_with("HTTP/1.1 100 Continue\r\n"));
  client.deliver("body");
  EXPECT_EQ(world.server(0).take(), "body");
  world.server(0).acknowledge_all();
  world.server(0).deliver(ok_response("x"));
  EXPECT_TRUE(client.take().ends_with("\r\n\r\nx"));
  EXPECT_FALSE(client.gone());
}

TEST(RequestBody, ThatTheServerRefusesBeforehandEndsTheConnection) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kPostHead + "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.server(0).deliver("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
  const std::string response = client.take();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 417 "));
  EXPECT_EQ(field_of(response, "Connection"), "close");
  EXPECT_TRUE(client.finished());
  EXPECT_FALSE(client.gone()) << "it lingers";
  EXPECT_TRUE(world.server(0).aborted()) << "never pooled";
  client.end();
  EXPECT_TRUE(client.closed());
}

TEST(RequestBody, MayBeAnsweredEarlyWhileItGoesOn) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kPostHead + "Content-Length: 10\r\n\r\n12345");
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.server(0).deliver("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
  EXPECT_EQ(field_of(client.take(), "Connection"), "close");
  client.deliver("67890");
  EXPECT_EQ(world.server(0).take(), "67890") << "a server may answer as it reads";
  world.server(0).deliver("def");
  EXPECT_EQ(client.take(), "def");
  EXPECT_TRUE(client.finished());
  EXPECT_EQ(world.proxy->idle_upstreams(), 0U);
}

TEST(RequestBody, ThatIsTooLargeIs413) {
  ProxyWorld world({.frontend = [](Frontend& frontend) { frontend.limits.body_bytes = 8; }});
  FakeStream& client = world.client();
  client.deliver(kPostHead + "Content-Length: 9\r\n\r\n");
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 413 "));
  EXPECT_EQ(world.network.connections(), 0U);
  FakeStream& chunked = world.client();
  chunked.deliver(kPostHead + "Transfer-Encoding: chunked\r\n\r\n9\r\n123456789\r\n0\r\n\r\n");
  EXPECT_TRUE(chunked.sent().starts_with("HTTP/1.1 413 "));
  EXPECT_EQ(world.network.connections(), 0U);
  FakeStream& growing = world.client();
  growing.deliver(kPostHead + "Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n");
  world.open_server(0);
  growing.deliver("5\r\n67890\r\n0\r\n\r\n");
  EXPECT_TRUE(growing.sent().starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(world.server(0).aborted());
  EXPECT_EQ(world.server(0).sent(), "") << "nothing beyond the limit was passed on";
}

TEST(RequestBody, ThatBreaksItsFramingIs400) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kPostHead + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  world.open_server(0);
  client.deliver("zz\r\n");
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(client.finished());
  EXPECT_TRUE(world.server(0).aborted());
  EXPECT_EQ(world.proxy->counters().bad_request_bodies.get(), 1U);
}

TEST(RequestBody, ThatIsCutOffReachesTheServerAsBroken) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kPostHead + "Content-Length: 10\r\n\r\n12345");
  world.open_server(0);
  client.end();
  EXPECT_TRUE(world.server(0).aborted());
  EXPECT_TRUE(client.take().starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(client.closed());
}

TEST(RequestBody, WidensTheClientsWindowWhereTheServerCouldTakeMore) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kPostHead + "Content-Length: 200000\r\n\r\n");
  world.open_server(0);
  client.deliver(pattern(20000));
  EXPECT_EQ(client.widened(), 0);
  world.server(0).acknowledge_all();
  EXPECT_EQ(client.widened(), 0);
  client.deliver(pattern(20000));
  world.server(0).starving = true;
  world.server(0).acknowledge_all();
  EXPECT_EQ(client.widened(), 1);
}

TEST(ResponseBody, WidensTheServersWindowWhereTheClientCouldTakeMore) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.server(0).deliver("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n");
  world.server(0).deliver(pattern(20000));
  client.acknowledge_all();
  EXPECT_EQ(world.server(0).widened(), 0);
  world.server(0).deliver(pattern(20000));
  client.starving = true;
  client.acknowledge_all();
  EXPECT_EQ(world.server(0).widened(), 1);
}

TEST(RequestBody, HoldsTheClientToWhatTheServerAcknowledges) {
  ProxyWorld world;
  FakeStream& client = world.client();
  const std::string body = pattern(200000);
  client.deliver(kPostHead + "Content-Length: 200000\r\n\r\n");
  world.open_server(0);
  world.server(0).acknowledge_all();
  // A client with a window of 20000 bytes, and a server that acknowledges 1000 at a time.
  std::string received;
  std::size_t offset = 0;
  while (offset < body.size()) {
    const std::size_t room = 20000 - client.held();
    const std::size_t size = std::min(room, body.size() - offset);
    client.deliver(body.substr(offset, size));
    offset += size;
    ASSERT_LE(world.server(0).unacknowledged(), 20000U);
    received += world.server(0).take();
    world.server(0).acknowledge(std::min<std::size_t>(1000, world.server(0).unacknowledged()));
    world.loop();
  }
  world.server(0).acknowledge_all();
  received += world.server(0).take();
  EXPECT_EQ(received, body);
  EXPECT_EQ(client.held(), 0U);
}

TEST(ResponseBody, InChunksIsChunkedAnew) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.server(0).deliver("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  world.server(0).deliver("6;e\r\n world\r\n0\r\nT: 1\r\n\r\n");
  const std::string response = client.take();
  EXPECT_EQ(field_of(response, "Transfer-Encoding"), "chunked");
  EXPECT_EQ(dechunk(body_of(response)), "hello world");
  EXPECT_EQ(world.proxy->idle_upstreams(), 1U);
  EXPECT_FALSE(client.gone());
}

// RFC 9112 section 6.1: an HTTP/1.0 client does not know the coding.
TEST(ResponseBody, IsDechunkedForHttp10) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.server(0).deliver(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
  const std::string response = client.take();
  EXPECT_EQ(field_of(response, "Transfer-Encoding"), "(none)");
  EXPECT_EQ(field_of(response, "Connection"), "close");
  EXPECT_EQ(body_of(response), "hello");
  EXPECT_TRUE(client.finished());
  EXPECT_FALSE(client.aborted());
}

TEST(ResponseBody, UntilCloseIsChunkedForHttp11) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.server(0).deliver("HTTP/1.0 200 OK\r\n\r\nhello");
  world.server(0).deliver(" world");
  world.server(0).end();
  const std::string response = client.take();
  EXPECT_EQ(dechunk(body_of(response)), "hello world");
  EXPECT_FALSE(client.gone());
  EXPECT_TRUE(world.server(0).gone());
  EXPECT_EQ(world.proxy->idle_upstreams(), 0U);
}

TEST(ResponseBody, UntilCloseOfAResetIsBroken) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.open_server(0);
  world.server(0).deliver("HTTP/1.0 200 OK\r\n\r\nhello");
  world.server(0).fail(StreamError::kReset);
  EXPECT_TRUE(client.aborted());
}

TEST(ResponseBody, ThatBreaksOffEndsTheClientsStreamUncleanly) {
  for (const char* head :
       {"Content-Length: 10\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n9\r\n"}) {
    for (const bool reset : {false, true}) {
      ProxyWorld world;
      FakeStream& client = world.client();
      client.deliver(kGet);
      world.open_server(0);
      world.server(0).acknowledge_all();
      world.server(0).deliver("HTTP/1.1 200 OK\r\n" + std::string(head) + "12345");
      if (reset) {
        world.server(0).fail(StreamError::kReset);
      } else {
        world.server(0).end();
      }
      EXPECT_TRUE(client.aborted());
      EXPECT_FALSE(client.finished());
      EXPECT_EQ(world.backend_counters().server_aborts.get(), 1U);
    }
  }
}

TEST(ResponseBody, WithBrokenChunksIsBroken) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.server(0).deliver("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX");
  EXPECT_TRUE(client.aborted());
  EXPECT_TRUE(world.server(0).aborted());
}

TEST(ResponseBody, HoldsTheServerToWhatTheClientAcknowledges) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.server(0).deliver("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n");
  const std::string body = pattern(200000);
  std::string received;
  std::size_t offset = 0;
  while (offset < body.size()) {
    const std::size_t room = 30000 - world.server(0).held();
    const std::size_t size = std::min(room, body.size() - offset);
    world.server(0).deliver(body.substr(offset, size));
    offset += size;
    ASSERT_LE(client.unacknowledged(), 31000U);
    received += client.take();
    client.acknowledge(std::min<std::size_t>(1000, client.unacknowledged()));
    world.loop();
  }
  received += client.take();
  EXPECT_EQ(body_of(received), body);
  EXPECT_EQ(world.proxy->idle_upstreams(), 1U);
}

TEST(ResponseBody, OfTinyChunksStaysWithinTheWindow) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.server(0).deliver("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::string chunks;
  for (int i = 0; i < 5000; ++i) chunks += "1\r\nx\r\n";
  std::size_t offset = 0;
  std::size_t stalled = 0;
  while (offset < chunks.size() && stalled < 3) {
    const std::size_t size =
        std::min<std::size_t>(6000 - world.server(0).held(), chunks.size() - offset);
    world.server(0).deliver(chunks.substr(offset, size));
    offset += size;
    stalled = size == 0 ? stalled + 1 : 0;
    if (size == 0) {
      client.acknowledge_all();
    }
    ASSERT_LE(client.unacknowledged(), 12000U);
  }
  EXPECT_EQ(offset, chunks.size());
}

TEST(Pipelining, WaitsUntilTheClientTakesItsResponses) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver(std::string(kGet) + std::string(kGet) + std::string(kGet));
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.server(0).deliver(ok_response(pattern(ClientSession::kMaxPending)));
  EXPECT_EQ(world.frontend_counters().requests.get(), 1U) << "it owes acknowledgments";
  EXPECT_EQ(client.held(), 2 * kGet.size());
  client.acknowledge_all();
  EXPECT_EQ(world.frontend_counters().requests.get(), 2U);
}

TEST(Pipelining, AnswersInOrderOneAfterTheOther) {
  ProxyWorld world;
  FakeStream& client = world.client();
  std::string requests;
  for (int i = 0; i < 200; ++i) {
    requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  }
  client.deliver(requests);
  world.server(0).open();
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(world.network.connections(), 1U);
    const std::string request = world.server(0).take();
    ASSERT_TRUE(request.starts_with("GET /" + std::to_string(i) + " ")) << request;
    ASSERT_EQ(request.find("GET", 1), std::string::npos) << "one exchange at a time";
    world.server(0).acknowledge_all();
    world.server(0).deliver(ok_response("r" + std::to_string(i)));
    ASSERT_TRUE(client.take().ends_with("\r\n\r\nr" + std::to_string(i)));
    client.acknowledge_all();
    world.loop();
  }
  EXPECT_EQ(client.held(), 0U);
}

TEST(Pipelining, OfErrorsDoesNotRecurse) {
  ProxyWorld world({.frontend = [](Frontend& frontend) { frontend.default_backend = {}; }});
  FakeStream& client = world.client();
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += kGet;
  client.deliver(requests, 100000);
  EXPECT_EQ(world.frontend_counters().unrouted.get(), 1000U);
}

}  // namespace
}  // namespace sluice::http
