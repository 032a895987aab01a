#include "http/forwarded_head.h"

#include <gtest/gtest.h>

#include <string>

#include "dataplane/testing/eal.h"
#include "http/error_response.h"
#include "http/head_parser.h"
#include "http/head_writer.h"

namespace sluice::http {
namespace {

using sluice::testing::bytes_of;
using sluice::testing::TestPool;

class ForwardedHeadTest : public ::testing::Test {
 protected:
  std::string forward(const std::string& text) {
    RequestHead request;
    EXPECT_EQ(parser_.parse_request(text, 100, request), HeadError::kNone);
    return bytes_of(write_request_head(request, hop_, *pool_));
  }
  std::string answer(const std::string& text, const ResponseHop& hop = {}, bool to_head = false) {
    ResponseHead response;
    EXPECT_EQ(parser_.parse_response(text, 100, to_head, response), HeadError::kNone);
    return bytes_of(write_response_head(response, hop, *pool_));
  }

  TestPool pool_;
  HeadParser parser_;
  RequestHop hop_;
};

TEST_F(ForwardedHeadTest, PassesOrdinaryFieldsInOrder) {
  EXPECT_EQ(forward("GET /a HTTP/1.1\r\nB: 2\r\nHost: h\r\nA: 1\r\nCookie: c\r\nB: 3\r\n\r\n"),
            "GET /a HTTP/1.1\r\nHost: h\r\nB: 2\r\nA: 1\r\nCookie: c\r\nB: 3\r\n\r\n");
}

// RFC 9110 section 7.6.1.
TEST_F(ForwardedHeadTest, RemovesWhatIsHopByHop) {
  EXPECT_EQ(forward("GET / HTTP/1.1\r\nHost: h\r\nConnection: close, X-Mine\r\nX-Mine: 1\r\n"
                    "Keep-Alive: 5\r\nTE: trailers\r\nTrailer: X\r\nUpgrade: h2c\r\n"
                    "HTTP2-Settings: a\r\nProxy-Connection: x\r\nProxy-Authorization: y\r\n"
                    "Proxy: http://evil\r\nKeep: 1\r\n\r\n"),
            "GET / HTTP/1.1\r\nHost: h\r\nKeep: 1\r\n\r\n");
}

TEST_F(ForwardedHeadTest, KeepsFramingAndHostWhateverConnectionNominates) {
  EXPECT_EQ(forward("POST / HTTP/1.1\r\nHost: h\r\nConnection: Host, Content-Length\r\n"
                    "Content-Length: 3\r\n\r\n"),
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n");
}

TEST_F(ForwardedHeadTest, WritesFramingOfItsOwn) {
  EXPECT_EQ(forward("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0003\r\n\r\n"),
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(forward("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"),
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(forward("POST / HTTP/1.1\r\ntransfer-encoding: CHUNKED\r\nHost: h\r\n\r\n"),
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
}

// RFC 9112 section 3.2.2: Host comes from the target, origin form goes on.
TEST_F(ForwardedHeadTest, RewritesAbsoluteForm) {
  EXPECT_EQ(forward("GET http://real:81/x?y HTTP/1.1\r\nHost: other\r\n\r\n"),
            "GET /x?y HTTP/1.1\r\nHost: real:81\r\n\r\n");
  EXPECT_EQ(forward("GET http://real?y HTTP/1.1\r\nHost: other\r\n\r\n"),
            "GET /?y HTTP/1.1\r\nHost: real\r\n\r\n");
  EXPECT_EQ(forward("OPTIONS http://real HTTP/1.1\r\nHost: other\r\n\r\n"),
            "OPTIONS * HTTP/1.1\r\nHost: real\r\n\r\n");
}

TEST_F(ForwardedHeadTest, TellsOfTheClient) {
  hop_ = {.via_name = "gate",
          .forwarded = true,
          .client = *wire::IpAddress::parse("198.18.0.9"),
          .secure = true};
  EXPECT_EQ(forward("GET / HTTP/1.1\r\nHost: h:8\r\n\r\n"),
            "GET / HTTP/1.1\r\nHost: h:8\r\nX-Forwarded-For: 198.18.0.9\r\n"
            "X-Forwarded-Proto: https\r\nX-Forwarded-Host: h:8\r\nVia: 1.1 gate\r\n\r\n");
}

TEST_F(ForwardedHeadTest, AppendsToForwardedForAndReplacesTheOthers) {
  hop_ = {.via_name = "gate",
          .forwarded = true,
          .client = *wire::IpAddress::parse("2001:db8::7"),
          .secure = false};
  EXPECT_EQ(forward("GET / HTTP/1.0\r\nHost: h\r\nX-Forwarded-For: 1.2.3.4\r\n"
                    "X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nVia: 1.1 other\r\n"
                    "X-Forwarded-For: 5.6.7.8\r\nConnection: X-Forwarded-For\r\n\r\n"),
            "GET / HTTP/1.1\r\nHost: h\r\nVia: 1.1 other\r\n"
            "X-Forwarded-For: 1.2.3.4, 5.6.7.8, 2001:db8::7\r\nX-Forwarded-Proto: http\r\n"
            "X-Forwarded-Host: h\r\nVia: 1.0 gate\r\n\r\n");
}

TEST_F(ForwardedHeadTest, LeavesForwardedFieldsAloneWhenToldTo) {
  EXPECT_EQ(forward("GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n"),
            "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n");
}

TEST_F(ForwardedHeadTest, TellsWhoTheClientIsByItsCertificate) {
  const tls::PeerIdentity peer{
      .subject = "CN=alice", .issuer = "CN=ca", .serial = "0A", .sha256 = "beef"};
  hop_ = {.client_certificates = true, .peer = &peer};
  EXPECT_EQ(forward("GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
            "GET / HTTP/1.1\r\nHost: h\r\nX-SSL-Client-Verify: SUCCESS\r\n"
            "X-SSL-Client-DN: CN=alice\r\nX-SSL-Client-Issuer: CN=ca\r\n"
            "X-SSL-Client-Serial: 0A\r\nX-SSL-Client-SHA256: beef\r\n\r\n");
  hop_.peer = nullptr;
  EXPECT_EQ(forward("GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
            "GET / HTTP/1.1\r\nHost: h\r\nX-SSL-Client-Verify: NONE\r\n\r\n");
}

TEST_F(ForwardedHeadTest, RemovesWhatClientsSayOfTheirCertificates) {
  const std::string request =
      "GET / HTTP/1.1\r\nHost: h\r\nX-SSL-Client-Verify: SUCCESS\r\nx-ssl-client-dn: CN=root\r\n"
      "X_SSL_CLIENT_SERIAL: 1\r\nX-SSL-Client_Anything: 1\r\nX-SSL-Other: kept\r\n\r\n";
  EXPECT_EQ(forward(request), "GET / HTTP/1.1\r\nHost: h\r\nX-SSL-Other: kept\r\n\r\n");
  hop_.client_certificates = true;
  EXPECT_EQ(forward(request),
            "GET / HTTP/1.1\r\nHost: h\r\nX-SSL-Other: kept\r\nX-SSL-Client-Verify: NONE\r\n\r\n");
}

// RFC 9110 section 10.1.1.
TEST_F(ForwardedHeadTest, PassesExpectExceptFromHttp10) {
  EXPECT_EQ(forward("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n"),
            "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(forward("PUT / HTTP/1.0\r\nHost: h\r\nExpect: 100-continue\r\n\r\n"),
            "PUT / HTTP/1.1\r\nHost: h\r\n\r\n");
}

TEST_F(ForwardedHeadTest, WritesHeadsLargerThanABuffer) {
  const std::string cookie(7000, 'c');
  const std::string text = "GET / HTTP/1.1\r\nHost: h\r\nCookie: " + cookie + "\r\nX: y\r\n\r\n";
  EXPECT_EQ(forward(text), text);
}

TEST_F(ForwardedHeadTest, IsEmptyWhenBuffersRunOut) {
  TestPool small(1);
  RequestHead request;
  const std::string text = "GET / HTTP/1.1\r\nHost: " + std::string(3000, 'h') + "\r\n\r\n";
  ASSERT_EQ(parser_.parse_request(text, 100, request), HeadError::kNone);
  EXPECT_TRUE(write_request_head(request, hop_, *small).empty());
}

TEST_F(ForwardedHeadTest, AnswersInOurOwnVersion) {
  EXPECT_EQ(answer("HTTP/1.0 200 Fine\r\nServer: s\r\nContent-Length: 4\r\n\r\n"),
            "HTTP/1.1 200 Fine\r\nServer: s\r\nContent-Length: 4\r\n\r\n");
}

TEST_F(ForwardedHeadTest, RemovesHopByHopFromResponses) {
  EXPECT_EQ(answer("HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\n"
                   "X-Hop: 1\r\nUpgrade: h2\r\nProxy-Authenticate: x\r\nProxy-Status: ok\r\n"
                   "Set-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 0\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nProxy-Status: ok\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n"
            "Content-Length: 0\r\n\r\n");
}

TEST_F(ForwardedHeadTest, FramesResponsesForTheClient) {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(answer(chunked, {.chunked = true}), chunked);
  EXPECT_EQ(answer(chunked, {.client_version = Version::kHttp10, .close = true}),
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(answer("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n",
                   {.via_name = "g", .client_version = Version::kHttp10}),
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\nVia: 1.1 g\r\n\r\n");
}

// RFC 9110 sections 8.6 and 6.4.1.
TEST_F(ForwardedHeadTest, KeepsContentLengthOfHeadAnd304ButNotOf204) {
  EXPECT_EQ(answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", {}, true),
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
  EXPECT_EQ(answer("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"),
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n");
  EXPECT_EQ(answer("HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n"),
            "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST_F(ForwardedHeadTest, InterimResponsesHaveNoFraming) {
  EXPECT_EQ(answer("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 3\r\n"
                   "Connection: close\r\n\r\n"),
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
}

TEST(HeadWriter, WritesTextAndNumbers) {
  TestPool pool;
  HeadWriter writer(*pool);
  writer.text("a").number(0).number(18446744073709551615U).field("N", "v");
  EXPECT_EQ(bytes_of(writer.take()), "a018446744073709551615N: v\r\n");
}

TEST(ErrorResponse, IsWholeAndShort) {
  TestPool pool;
  for (const unsigned status :
       {400U, 403U, 404U, 405U, 408U, 413U, 414U, 431U, 500U, 501U, 502U, 503U, 504U, 505U}) {
    const std::string bytes = bytes_of(write_error_response(status, true, false, *pool));
    HeadParser parser;
    ResponseHead response;
    const std::size_t end = bytes.find("\r\n\r\n") + 4;
    const std::string head = bytes.substr(0, end);
    ASSERT_EQ(parser.parse_response(head, 10, false, response), HeadError::kNone) << status;
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.framing.length, bytes.size() - end) << status;
    EXPECT_TRUE(response.connection.close());
    EXPECT_LT(bytes.size(), 256U);
    EXPECT_EQ(bytes.find("Allow:") != std::string::npos, status == 405) << status;
  }
}

TEST(ErrorResponse, ToHeadHasTheLengthWithoutTheBody) {
  TestPool pool;
  const std::string with = bytes_of(write_error_response(404, false, false, *pool));
  const std::string without = bytes_of(write_error_response(404, false, true, *pool));
  EXPECT_TRUE(with.starts_with(without));
  EXPECT_TRUE(without.ends_with("\r\n\r\n"));
  EXPECT_EQ(without.find("Connection"), std::string::npos);
}

}  // namespace
}  // namespace sluice::http
