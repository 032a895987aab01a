#include "http/request_head.h"

#include <gtest/gtest.h>

#include <string>

#include "http/head_parser.h"

namespace sluice::http {
namespace {

constexpr std::size_t kFields = 100;

class RequestHeadTest : public ::testing::Test {
 protected:
  HeadError parse(std::string text, std::size_t fields = kFields) {
    text_ = std::move(text);
    return parser_.parse_request(text_, fields, request_);
  }

  HeadParser parser_;
  RequestHead request_;
  std::string text_;
};

TEST_F(RequestHeadTest, ReadsMethodTargetAndFields) {
  ASSERT_EQ(parse("POST /a/b?c=d HTTP/1.1\r\nHost: www.example:81\r\nX-Empty:\r\nX-Trim: \t v w \t"
                  "\r\nContent-Length: 12\r\n\r\n"),
            HeadError::kNone);
  EXPECT_EQ(request_.method, Method::kPost);
  EXPECT_EQ(request_.method_name, "POST");
  EXPECT_EQ(request_.target, "/a/b?c=d");
  EXPECT_EQ(request_.path, "/a/b");
  EXPECT_EQ(request_.authority, "www.example:81");
  EXPECT_EQ(request_.host, "www.example");
  EXPECT_EQ(request_.version, Version::kHttp11);
  ASSERT_EQ(request_.fields.size(), 4U);
  EXPECT_EQ(request_.fields[1].name, "X-Empty");
  EXPECT_EQ(request_.fields[1].value, "");
  EXPECT_EQ(request_.fields[2].value, "v w");
  EXPECT_EQ(request_.framing.length, 12U);
  EXPECT_TRUE(request_.keeps_alive());
}

TEST_F(RequestHeadTest, KnowsTheMethods) {
  const std::pair<const char*, Method> methods[] = {
      {"GET", Method::kGet},         {"HEAD", Method::kHead},     {"PUT", Method::kPut},
      {"DELETE", Method::kDelete},   {"TRACE", Method::kTrace},   {"PATCH", Method::kOther},
      {"OPTIONS", Method::kOptions}, {"PROPFIND", Method::kOther}};
  for (const auto& [name, method] : methods) {
    ASSERT_EQ(parse(std::string(name) + " / HTTP/1.1\r\nHost: a\r\n\r\n"), HeadError::kNone)
        << name;
    EXPECT_EQ(request_.method, method) << name;
  }
}

// RFC 9110 section 9.1: methods are case-sensitive; an unrecognised one is 501.
TEST_F(RequestHeadTest, AnswersUnknownMethodsWith501) {
  for (const char* method : {"get", "FOO", "G", "GETS", "BREW", "M!#$%&'*+-.^_`|~", "DESCRIBE"}) {
    EXPECT_EQ(parse(std::string(method) + " / HTTP/1.1\r\nHost: a\r\n\r\n"),
              HeadError::kUnknownMethod)
        << method;
  }
  EXPECT_EQ(status_of(HeadError::kUnknownMethod), 501U);
}

// RFC 9112 section 3: single spaces, nothing around.
TEST_F(RequestHeadTest, RefusesAMalformedRequestLine) {
  for (const char* line :
       {"GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1",
        "GET\t/ HTTP/1.1", "GET /", "GET", "", "GET / a HTTP/1.1", "/ HTTP/1.1", "G(T / HTTP/1.1",
        "GET /HTTP/1.1", ": / HTTP/1.1", "GET  HTTP/1.1"}) {
    const HeadError error = parse(std::string(line) + "\r\nHost: a\r\n\r\n");
    EXPECT_EQ(status_of(error), 400U) << line << ": " << to_string(error);
    EXPECT_NE(error, HeadError::kNone) << line;
  }
}

TEST_F(RequestHeadTest, RefusesOtherVersions) {
  for (const char* version : {"HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/3.0", "HTTP/9.9"}) {
    EXPECT_EQ(parse("GET / " + std::string(version) + "\r\nHost: a\r\n\r\n"),
              HeadError::kUnsupportedVersion)
        << version;
  }
  EXPECT_EQ(parse("PRI * HTTP/2.0\r\n\r\n"), HeadError::kUnsupportedVersion);
  for (const char* version : {"HTTP/1", "http/1.1", "HTTP/1.1.", "HTTP/11", "HTTP/1.10", "HTTP/a.1",
                              "HTTP/01.1", "HTTPS/1.1", "HTTP-1.1", "RTSP/1.0", "ICE/1.0", "1.1"}) {
    const HeadError error = parse("GET / " + std::string(version) + "\r\nHost: a\r\n\r\n");
    EXPECT_EQ(error, HeadError::kBadVersion) << version << ": " << to_string(error);
  }
}

// RFC 9112 section 3.2.
TEST_F(RequestHeadTest, WantsExactlyOneValidHost) {
  EXPECT_EQ(parse("GET / HTTP/1.1\r\n\r\n"), HeadError::kBadHost);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), HeadError::kBadHost);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n"), HeadError::kBadHost);
  EXPECT_EQ(parse("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), HeadError::kBadHost);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost:\r\n\r\n"), HeadError::kBadHost);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), HeadError::kBadHost);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), HeadError::kBadHost);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"), HeadError::kBadHost);
  EXPECT_EQ(parse("GET http://a/ HTTP/1.1\r\nHost: b, c\r\n\r\n"), HeadError::kBadHost);
  EXPECT_EQ(parse("GET http://a/ HTTP/1.1\r\n\r\n"), HeadError::kBadHost);
  EXPECT_EQ(parse("GET / HTTP/1.0\r\n\r\n"), HeadError::kNone);
  EXPECT_EQ(request_.host, "");
}

TEST_F(RequestHeadTest, TakesTheAuthorityOfAnAbsoluteTarget) {
  ASSERT_EQ(parse("GET http://WWW.example:81/x?y HTTP/1.1\r\nHost: other\r\n\r\n"),
            HeadError::kNone);
  EXPECT_EQ(request_.target, "/x?y");
  EXPECT_EQ(request_.authority, "WWW.example:81");
  EXPECT_EQ(request_.host, "WWW.example");
}

// RFC 9112 section 5.1: no space between name and colon, and names are tokens.
TEST_F(RequestHeadTest, RefusesMalformedFields) {
  for (const char* line :
       {"Host : a", "X-A :b", "X A: b", ": b", "X-A", "X-A\tB: c", "X(A: b", "X\"A: b", "X@A: b",
        "\xc3\xa9: b", "X-A\t: b", "Content-Length : 5", "=: b", "{x}: b", "a\\b: c"}) {
    const HeadError error =
        parse("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(line) + "\r\nZ: z\r\n\r\n");
    EXPECT_EQ(error, HeadError::kBadField) << line << ": " << to_string(error);
  }
}

TEST_F(RequestHeadTest, KeepsObsTextInValues) {
  ASSERT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\nX: \xff\xc3\xa9\x80\r\n\r\n"), HeadError::kNone);
  EXPECT_EQ(request_.fields[1].value, "\xff\xc3\xa9\x80");
}

TEST_F(RequestHeadTest, BoundsTheNumberOfFields) {
  std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 9; ++i) head += "X: y\r\n";
  EXPECT_EQ(parse(head + "\r\n", 10), HeadError::kNone);
  EXPECT_EQ(parse(head + "X: y\r\n\r\n", 10), HeadError::kTooManyFields);
}

// RFC 9112 section 9.3.
TEST_F(RequestHeadTest, KnowsWhetherTheConnectionPersists) {
  const auto keeps = [&](const char* version, const char* connection) {
    EXPECT_EQ(parse("GET / HTTP/" + std::string(version) + "\r\nHost: a\r\n" + connection + "\r\n"),
              HeadError::kNone);
    return request_.keeps_alive();
  };
  EXPECT_TRUE(keeps("1.1", ""));
  EXPECT_FALSE(keeps("1.1", "Connection: close\r\n"));
  EXPECT_FALSE(keeps("1.1", "Connection: keep-alive, close\r\n"));
  EXPECT_FALSE(keeps("1.0", ""));
  EXPECT_TRUE(keeps("1.0", "Connection: Keep-Alive\r\n"));
  EXPECT_FALSE(keeps("1.0", "Connection: keep-alive\r\nConnection: close\r\n"));
}

TEST_F(RequestHeadTest, RefusesAnUnreasonableConnectionField) {
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: a b\r\n\r\n"),
            HeadError::kBadConnection);
}

// RFC 9110 section 10.1.1: ignored in HTTP/1.0.
TEST_F(RequestHeadTest, SeesExpectContinueInHttp11Only) {
  ASSERT_EQ(parse("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n"), HeadError::kNone);
  EXPECT_TRUE(request_.expects_continue);
  ASSERT_EQ(parse("PUT / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\n\r\n"), HeadError::kNone);
  EXPECT_FALSE(request_.expects_continue);
}

TEST_F(RequestHeadTest, IsNotConfusedByWhatLlhttpTreatsSpecially) {
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"),
            HeadError::kNone);
  EXPECT_EQ(parse("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"), HeadError::kNone);
  EXPECT_EQ(request_.method, Method::kConnect);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection:\r\n\r\n"), HeadError::kNone);
}

}  // namespace
}  // namespace sluice::http
