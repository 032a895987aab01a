#include "http/response_head.h"

#include <gtest/gtest.h>

#include <string>

#include "http/head_parser.h"

namespace sluice::http {
namespace {

class ResponseHeadTest : public ::testing::Test {
 protected:
  HeadError parse(std::string text) {
    text_ = std::move(text);
    return parser_.parse_response(text_, 100, false, response_);
  }

  HeadParser parser_;
  ResponseHead response_;
  std::string text_;
};

TEST_F(ResponseHeadTest, ReadsStatusReasonAndFields) {
  ASSERT_EQ(parse("HTTP/1.0 404 Not  Found \r\nServer: x\r\nContent-Length: 3\r\n\r\n"),
            HeadError::kNone);
  EXPECT_EQ(response_.version, Version::kHttp10);
  EXPECT_EQ(response_.status, 404U);
  EXPECT_EQ(response_.reason, "Not  Found ");
  ASSERT_EQ(response_.fields.size(), 2U);
  EXPECT_EQ(response_.fields[0].name, "Server");
  EXPECT_FALSE(response_.keeps_alive());
}

// RFC 9112 section 4: the reason may be empty; that the space before it is, too, is common.
TEST_F(ResponseHeadTest, MayHaveNoReason) {
  ASSERT_EQ(parse("HTTP/1.1 200 \r\n\r\n"), HeadError::kNone);
  EXPECT_EQ(response_.reason, "");
  ASSERT_EQ(parse("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"), HeadError::kNone);
  EXPECT_EQ(response_.reason, "");
  EXPECT_TRUE(response_.keeps_alive());
}

TEST_F(ResponseHeadTest, RefusesMalformedStatusLines) {
  for (const char* line :
       {"", "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 20", "HTTP/1.1 2000 OK", "HTTP/1.1 abc OK",
        "HTTP/1.1  200 OK", "HTTP/1.1 200OK", "HTTP/2.0 200 OK", "HTTP/1.2 200 OK",
        "http/1.1 200 OK", "HTTP/1.1 000 OK", "HTTP/1.1 099 OK", "HTTP/1.1 600 OK",
        "HTTP/1.1 999 OK", "ICY 200 OK", "GET / HTTP/1.1", "HTTP/1.1\t200 OK", "HTTP/1.1 +20 OK"}) {
    EXPECT_NE(parse(std::string(line) + "\r\nA: b\r\n\r\n"), HeadError::kNone) << line;
  }
}

TEST_F(ResponseHeadTest, RefusesMalformedFields) {
  for (const char* line : {"A : b", "A", ": b", "A B: c", "Content-Length : 4", "\x01: b"}) {
    EXPECT_NE(parse("HTTP/1.1 200 OK\r\n" + std::string(line) + "\r\n\r\n"), HeadError::kNone)
        << line;
  }
}

TEST_F(ResponseHeadTest, TakesEveryStatusOfThreeDigits) {
  for (unsigned status = 100; status < 600; ++status) {
    ASSERT_EQ(parse("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\n\r\n"),
              HeadError::kNone)
        << status;
    EXPECT_EQ(response_.status, status);
    EXPECT_EQ(response_.interim(), status < 200);
  }
}

TEST_F(ResponseHeadTest, KeepsAliveByVersionAndConnection) {
  ASSERT_EQ(parse("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"), HeadError::kNone);
  EXPECT_FALSE(response_.keeps_alive());
  ASSERT_EQ(parse("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n"), HeadError::kNone);
  EXPECT_TRUE(response_.keeps_alive());
}

}  // namespace
}  // namespace sluice::http
