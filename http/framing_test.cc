#include "http/framing.h"

#include <gtest/gtest.h>

#include <string>

#include "http/head_parser.h"

namespace sluice::http {
namespace {

using Kind = BodyFraming::Kind;

struct Result {
  HeadError error;
  BodyFraming framing;
};

Result request(const std::string& fields, const std::string& version = "1.1") {
  HeadParser parser;
  RequestHead head;
  const std::string text = "POST / HTTP/" + version + "\r\nHost: a\r\n" + fields + "\r\n";
  const HeadError error = parser.parse_request(text, 100, head);
  return {error, head.framing};
}

Result response(const std::string& line, const std::string& fields, bool to_head = false) {
  HeadParser parser;
  ResponseHead head;
  const std::string text = line + "\r\n" + fields + "\r\n";
  const HeadError error = parser.parse_response(text, 100, to_head, head);
  return {error, head.framing};
}

const BodyFraming kNoBody{.kind = Kind::kNone};

// RFC 9112 section 6.3 rule 7.
TEST(RequestFraming, WithoutFieldsThereIsNoBody) {
  EXPECT_EQ(request("").error, HeadError::kNone);
  EXPECT_EQ(request("").framing, kNoBody);
}

// RFC 9112 section 6.3 rule 6.
TEST(RequestFraming, ContentLengthIsTheLength) {
  const Result result = request("Content-Length: 0012\r\n");
  EXPECT_EQ(result.error, HeadError::kNone);
  EXPECT_EQ(result.framing, (BodyFraming{.kind = Kind::kLength, .length = 12, .has_length = true}));
  EXPECT_EQ(request("Content-Length: 0\r\n").framing,
            (BodyFraming{.kind = Kind::kNone, .length = 0, .has_length = true}));
  EXPECT_EQ(request("Content-Length: 9223372036854775807\r\n").framing.length,
            9223372036854775807U);
}

// RFC 9112 section 6.3 rule 4.
TEST(RequestFraming, ChunkedEndsItself) {
  EXPECT_EQ(request("Transfer-Encoding: chunked\r\n").framing.kind, Kind::kChunked);
  EXPECT_EQ(request("Transfer-Encoding:\tCHUNKED \r\n").framing.kind, Kind::kChunked);
}

// RFC 9112 section 6.3 rule 5: an invalid Content-Length is unrecoverable.
TEST(RequestFraming, RefusesInvalidContentLengths) {
  for (const char* value :
       {"", "+5", "-5", "5a", "0x5", "5 5", "5, 5", "5,5", "5;", "\"5\"", "5.0", "1e3", " ",
        "9223372036854775808", "18446744073709551616", "99999999999999999999999", "\xd9\xa5"}) {
    const Result result = request("Content-Length: " + std::string(value) + "\r\n");
    EXPECT_EQ(result.error, HeadError::kBadContentLength)
        << value << ": " << to_string(result.error);
  }
}

TEST(RequestFraming, RefusesRepeatedContentLengths) {
  EXPECT_EQ(request("Content-Length: 5\r\nContent-Length: 6\r\n").error,
            HeadError::kBadContentLength);
  EXPECT_EQ(request("Content-Length: 5\r\ncontent-length: 5\r\n").error,
            HeadError::kBadContentLength);
  EXPECT_EQ(request("Content-Length: 0\r\nContent-Length: 5\r\n").error,
            HeadError::kBadContentLength);
}

// RFC 9112 section 6.1: the combination is a smuggling attempt.
TEST(RequestFraming, RefusesBothFields) {
  for (const char* fields : {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                             "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                             "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
                             "Transfer-Encoding: identity\r\nContent-Length: 5\r\n",
                             "Content-Length: 5\r\nTransfer-Encoding:\r\n"}) {
    const HeadError error = request(fields).error;
    EXPECT_TRUE(error == HeadError::kBothLengths || error == HeadError::kBadContentLength ||
                error == HeadError::kBadTransferEncoding)
        << fields << to_string(error);
  }
}

// RFC 9112 sections 6.1 and 7.
TEST(RequestFraming, RefusesAnyCodingButOneChunked) {
  for (const char* value :
       {"", "identity", "gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "xchunked",
        "chunkedx", "chunked;q=1", "\"chunked\"", "chunked,", ",chunked", "chunked identity",
        "chunke\xe4", "cow", "'chunked'", "chunked\x0b", "x chunked"}) {
    const Result result = request("Transfer-Encoding: " + std::string(value) + "\r\n");
    EXPECT_NE(result.error, HeadError::kNone) << value;
    EXPECT_EQ(status_of(result.error), 400U) << value;
  }
  for (const char* fields : {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                             "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
                             "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
                             "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n",
                             "Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n"}) {
    EXPECT_NE(request(fields).error, HeadError::kNone) << fields;
  }
}

// RFC 9112 section 6.1: a message from HTTP/1.0 with Transfer-Encoding has faulty framing.
TEST(RequestFraming, RefusesTransferEncodingInHttp10) {
  EXPECT_NE(request("Transfer-Encoding: chunked\r\n", "1.0").error, HeadError::kNone);
}

// RFC 9112 section 6.3 rules 1 and 2.
TEST(ResponseFraming, HasNoBodyToHeadAndByStatus) {
  EXPECT_EQ(response("HTTP/1.1 200 OK", "Content-Length: 5\r\n", true).framing,
            (BodyFraming{.kind = Kind::kNone, .length = 5, .has_length = true}));
  EXPECT_EQ(response("HTTP/1.1 200 OK", "Transfer-Encoding: chunked\r\n", true).framing, kNoBody);
  EXPECT_EQ(response("HTTP/1.1 200 OK", "", true).framing, kNoBody);
  EXPECT_EQ(response("HTTP/1.1 304 Not Modified", "Content-Length: 5\r\n").framing,
            (BodyFraming{.kind = Kind::kNone, .length = 5, .has_length = true}));
  EXPECT_EQ(response("HTTP/1.1 204 No Content", "").framing, kNoBody);
  EXPECT_EQ(response("HTTP/1.1 204 No Content", "Content-Length: 5\r\n").framing, kNoBody);
  EXPECT_EQ(response("HTTP/1.1 100 Continue", "").framing, kNoBody);
}

// RFC 9112 section 6.3 rules 4, 6 and 8.
TEST(ResponseFraming, IsChunkedLengthOrUntilClose) {
  EXPECT_EQ(response("HTTP/1.1 200 OK", "Transfer-Encoding: chunked\r\n").framing.kind,
            Kind::kChunked);
  EXPECT_EQ(response("HTTP/1.0 200 OK", "Content-Length: 5\r\n").framing.length, 5U);
  EXPECT_EQ(response("HTTP/1.1 200 OK", "").framing.kind, Kind::kUntilClose);
  EXPECT_EQ(response("HTTP/1.1 200 OK", "Content-Length: 0\r\n").framing.kind, Kind::kNone);
}

TEST(ResponseFraming, RefusesWhatIsAmbiguous) {
  for (const char* fields :
       {"Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5, 5\r\n", "Content-Length: -1\r\n",
        "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"}) {
    EXPECT_NE(response("HTTP/1.1 200 OK", fields).error, HeadError::kNone) << fields;
  }
  EXPECT_NE(response("HTTP/1.0 200 OK", "Transfer-Encoding: chunked\r\n").error, HeadError::kNone);
}

TEST(ContentLength, StaysWithinSixtyThreeBits) {
  std::uint64_t length = 0;
  EXPECT_TRUE(parse_content_length("9223372036854775807", length));
  EXPECT_EQ(length, 9223372036854775807U);
  EXPECT_TRUE(parse_content_length("000000000000000000000000000007", length));
  EXPECT_EQ(length, 7U);
  EXPECT_FALSE(parse_content_length("9223372036854775808", length));
}

}  // namespace
}  // namespace sluice::http
