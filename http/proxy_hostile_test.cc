#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/testing/proxy_world.h"

namespace sluice::http {
namespace {

using testing::FakeStream;
using testing::field_of;
using testing::ok_response;
using testing::ProxyWorld;

struct Vector {
  const char* name;
  std::string bytes;
};

// What has been used to make two HTTP parsers disagree, each with a second request behind it that
// must never be seen. From RFC 9112 section 11.2, CVE reports and the literature on desync attacks.
std::vector<Vector> smuggling_vectors() {
  const std::string host = "Host: a\r\n";
  const std::string post = "POST / HTTP/1.1\r\n" + host;
  const std::string evil = "GET /evil HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  const std::string five = "Content-Length: 5\r\n";
  return {
      {"CL.TE", post + five + chunked + "\r\n0\r\n\r\n" + evil},
      {"TE.CL", post + chunked + five + "\r\n0\r\n\r\n" + evil},
      {"CL.CL unequal", post + five + "Content-Length: 0\r\n\r\n" + evil},
      {"CL.CL equal", post + five + five + "\r\n12345" + evil},
      {"CL list", post + "Content-Length: 5, 5\r\n\r\n12345" + evil},
      {"CL plus", post + "Content-Length: +5\r\n\r\n12345" + evil},
      {"CL minus", post + "Content-Length: -1\r\n\r\n" + evil},
      {"CL hexadecimal", post + "Content-Length: 0x5\r\n\r\n12345" + evil},
      {"CL overflow", post + "Content-Length: 18446744073709551621\r\n\r\n12345" + evil},
      {"CL space inside", post + "Content-Length: 5 0\r\n\r\n12345" + evil},
      {"CL empty", post + "Content-Length:\r\n\r\n" + evil},
      {"CL underscore name", post + "Content-Length : 5\r\n\r\n12345" + evil},
      {"CL name with tab", post + "Content-Length\t: 5\r\n\r\n12345" + evil},
      {"TE with space before colon", post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + evil},
      {"TE unknown", post + "Transfer-Encoding: xchunked\r\n\r\n" + evil},
      {"TE identity", post + "Transfer-Encoding: identity\r\n\r\n" + evil},
      {"TE gzip, chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + evil},
      {"TE chunked, identity",
       post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + evil},
      {"TE twice", post + chunked + chunked + "\r\n0\r\n\r\n" + evil},
      {"TE then identity", post + chunked + "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n" + evil},
      {"TE folded", post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + evil},
      {"TE folded behind", post + "X: y\r\n\tTransfer-Encoding: chunked\r\n\r\n" + evil},
      {"TE with VT", post +
                         "Transfer-Encoding:\x0b"
                         "chunked\r\n\r\n0\r\n\r\n" +
                         evil},
      {"TE with FF behind", post + "Transfer-Encoding: chunked\x0c\r\n\r\n0\r\n\r\n" + evil},
      {"TE quoted", post + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n" + evil},
      {"TE with parameter", post + "Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n" + evil},
      {"TE in 1.0", "POST / HTTP/1.0\r\n" + host + chunked + "\r\n0\r\n\r\n" + evil},
      {"TE behind bare LF", post + "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + evil},
      {"TE behind bare CR", post + "X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + evil},
      {"TE behind CR and a letter",
       post + "X: \rxTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n" + evil},
      {"CR LF CR in a value", post + "X: y\r\r\n" + five + "\r\n12345" + evil},
      {"NUL in a value", post + std::string("X: a\0b\r\n", 8) + five + "\r\n12345" + evil},
      {"NUL in a name", post + std::string("X\0: b\r\n", 7) + five + "\r\n12345" + evil},
      {"NUL before TE", post + std::string("\0Transfer-Encoding: chunked\r\n", 29) + "\r\n" + evil},
      {"bare LF ends the head", "GET / HTTP/1.1\r\nHost: a\r\n\n" + evil},
      {"bare LFs alone", "GET / HTTP/1.1\nHost: a\n\n" + evil},
      {"request line ends in LF", "GET / HTTP/1.1\nHost: a\r\n\r\n" + evil},
      {"line of spaces", post + five + " \r\n\r\n12345" + evil},
      {"first field indented", "POST / HTTP/1.1\r\n Host: a\r\n" + five + "\r\n12345" + evil},
      {"HTTP/0.9", "GET /\r\n\r\n" + evil},
      {"HTTP/0.9 with version", "GET / HTTP/0.9\r\n" + host + "\r\n" + evil},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + evil},
      {"HTTP/1.1 with suffix", "GET / HTTP/1.1x\r\n" + host + "\r\n" + evil},
      {"two spaces", "GET  / HTTP/1.1\r\n" + host + "\r\n" + evil},
      {"space in the target", "GET /a b HTTP/1.1\r\n" + host + "\r\n" + evil},
      {"tab as separator", "GET\t/\tHTTP/1.1\r\n" + host + "\r\n" + evil},
      {"no Host", "GET / HTTP/1.1\r\n\r\n" + evil},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + evil},
      {"Host with a path", "GET / HTTP/1.1\r\nHost: a/../b\r\n\r\n" + evil},
      {"Host with a user", "GET / HTTP/1.1\r\nHost: b@a\r\n\r\n" + evil},
      {"Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n" + evil},
      {"fragment", "GET /#x HTTP/1.1\r\n" + host + "\r\n" + evil},
      {"absolute form with a user", "GET http://u@a/ HTTP/1.1\r\n" + host + "\r\n" + evil},
      {"asterisk for GET", "GET * HTTP/1.1\r\n" + host + "\r\n" + evil},
      {"no colon", post + "Content-Length 5\r\n\r\n12345" + evil},
      {"empty name", post + ": x\r\n" + five + "\r\n12345" + evil},
      {"control in a name", post + "X\x01: y\r\n" + five + "\r\n12345" + evil},
      {"space in a name", post + "X Y: z\r\n" + five + "\r\n12345" + evil},
      {"Connection as garbage", post + "Connection: close;\r\n" + five + "\r\n12345" + evil},
      {"chunk size with sign", post + chunked + "\r\n+5\r\n12345\r\n0\r\n\r\n" + evil},
      {"chunk size with 0x", post + chunked + "\r\n0x5\r\n12345\r\n0\r\n\r\n" + evil},
      {"chunk size overflow",
       post + chunked + "\r\n10000000000000005\r\n12345\r\n0\r\n\r\n" + evil},
      {"chunk size with space", post + chunked + "\r\n5 \r\n12345\r\n0\r\n\r\n" + evil},
      {"chunk size behind space", post + chunked + "\r\n 5\r\n12345\r\n0\r\n\r\n" + evil},
      {"chunk size empty", post + chunked + "\r\n\r\n" + evil},
      {"chunk size ends in LF", post + chunked + "\r\n5\n12345\r\n0\r\n\r\n" + evil},
      {"chunk extension with LF", post + chunked + "\r\n5;a\nb\r\n12345\r\n0\r\n\r\n" + evil},
      {"chunk extension with CR", post + chunked + "\r\n5;a\rb\r\n12345\r\n0\r\n\r\n" + evil},
      {"chunk data too long", post + chunked + "\r\n3\r\n12345\r\n0\r\n\r\n" + evil},
      {"chunk data ends in LF", post + chunked + "\r\n5\r\n12345\n0\r\n\r\n" + evil},
      {"chunk data without end", post + chunked + "\r\n5\r\n123450\r\n\r\n" + evil},
      {"last chunk ends in LF", post + chunked + "\r\n0\n\n" + evil},
      {"trailer is no field", post + chunked + "\r\n0\r\nGET /evil HTTP/1.1\r\n\r\n" + evil},
      {"trailer folded", post + chunked + "\r\n0\r\nA: b\r\n c\r\n\r\n" + evil},
  };
}

TEST(Smuggling, IsRefusedWithNothingForwarded) {
  for (const Vector& vector : smuggling_vectors()) {
    ProxyWorld world;
    FakeStream& client = world.client();
    client.deliver(vector.bytes);
    EXPECT_EQ(world.network.connections(), 0U) << vector.name;
    EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 400 ") ||
                client.sent().starts_with("HTTP/1.1 505 "))
        << vector.name << ": " << client.sent();
    EXPECT_EQ(field_of(client.sent(), "Connection"), "close") << vector.name;
    EXPECT_EQ(client.sent().find("\nHTTP/1.1 "), std::string::npos)
        << vector.name << ": one response, and nothing behind it is read";
    EXPECT_TRUE(client.finished()) << vector.name;
    EXPECT_EQ(client.held(), 0U) << vector.name;
    EXPECT_EQ(world.frontend_counters().request_errors.get(), 1U) << vector.name;
    EXPECT_EQ(world.frontend_counters().requests.get(), 1U) << vector.name;
  }
}

// The same a byte at a time: what is wrong in a body may be found only when the head has been
// passed on, but nothing of the fault, and nothing behind it, ever is.
TEST(Smuggling, IsRefusedAByteAtATime) {
  for (const Vector& vector : smuggling_vectors()) {
    ProxyWorld world;
    FakeStream& client = world.client();
    for (const char byte : vector.bytes) {
      client.deliver(std::string(1, byte));
      if (world.network.connections() == 1 && !world.server(0).opened()) world.server(0).open();
    }
    ASSERT_LE(world.network.connections(), 1U) << vector.name;
    EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 400 ") ||
                client.sent().starts_with("HTTP/1.1 505 "))
        << vector.name << ": " << client.sent();
    EXPECT_EQ(client.sent().find("\nHTTP/1.1 "), std::string::npos) << vector.name;
    if (world.network.connections() == 1) {
      EXPECT_TRUE(world.server(0).aborted()) << vector.name;
      EXPECT_FALSE(world.server(0).finished()) << vector.name;
      EXPECT_EQ(world.server(0).sent().find("evil"), std::string::npos) << vector.name;
      EXPECT_EQ(world.server(0).sent().find("\r\n0\r\n"), std::string::npos)
          << vector.name << ": the server must not take the request for complete";
    }
  }
}

TEST(Smuggling, BehindAGoodRequestIsRefusedToo) {
  for (const Vector& vector : smuggling_vectors()) {
    ProxyWorld world;
    FakeStream& client = world.client();
    client.deliver("GET /first HTTP/1.1\r\nHost: a\r\n\r\n" + vector.bytes);
    ASSERT_EQ(world.network.connections(), 1U) << vector.name;
    EXPECT_TRUE(world.open_server(0).starts_with("GET /first ")) << vector.name;
    world.server(0).acknowledge_all();
    world.server(0).deliver(ok_response("one"));
    EXPECT_EQ(world.network.connections(), 1U) << vector.name;
    EXPECT_EQ(world.server(0).sent(), "") << vector.name;
    EXPECT_NE(client.sent().find("\r\n\r\noneHTTP/1.1 "), std::string::npos) << vector.name;
    EXPECT_TRUE(client.finished()) << vector.name;
  }
}

TEST(Limits, ALongHeadIs431) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20000, 'x'));
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(client.finished());
  EXPECT_EQ(client.held(), 0U);
}

TEST(Limits, ALongTargetIs414) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver("GET /" + std::string(20000, 'x') + " HTTP/1.1\r\n");
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 414 "));
}

TEST(Limits, ManyFieldsAre431) {
  ProxyWorld world;
  FakeStream& client = world.client();
  std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 100; ++i) head += "X: y\r\n";
  client.deliver(head + "\r\n");
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 431 "));
  EXPECT_EQ(world.network.connections(), 0U);
}

TEST(Limits, AnUnknownMethodIs501) {
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver("BREW / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 501 "));
}

TEST(Limits, AHeadBelowThemPasses) {
  ProxyWorld world;
  FakeStream& client = world.client();
  const std::string cookie(12000, 'c');
  client.deliver("GET / HTTP/1.1\r\nHost: a\r\nCookie: " + cookie + "\r\n\r\n");
  ASSERT_EQ(world.network.connections(), 1U);
  EXPECT_EQ(field_of(world.open_server(0), "Cookie"), cookie);
}

TEST(Limits, RefusalsAreCountedByReason) {
  ProxyWorld world;
  world.client().deliver("GET / HTTP/1.1\r\n\r\n");
  world.client().deliver("GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n");
  const auto count = [&](HeadError error) {
    return world.proxy->counters().refused_requests[static_cast<std::size_t>(error)].get();
  };
  EXPECT_EQ(count(HeadError::kBadHost), 1U);
  EXPECT_EQ(count(HeadError::kBadField), 1U);
}

}  // namespace
}  // namespace sluice::http
