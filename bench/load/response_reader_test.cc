#include "bench/load/response_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "dataplane/testing/eal.h"

namespace sluice::load {
namespace {

using Status = ResponseReader::Status;

class ResponseReaderTest : public ::testing::Test {
 protected:
  // Gives the reader pieces of a connection until one response is complete, or all have been given.
  Status read(std::initializer_list<std::string_view> pieces, bool to_head = false) {
    reader_.begin(to_head);
    body_.clear();
    Status status = Status::kIncomplete;
    for (const std::string_view piece : pieces) {
      EXPECT_TRUE(input_.append_copy(
          {reinterpret_cast<const std::uint8_t*>(piece.data()), piece.size()}, *pool_));
      status = reader_.read(input_, body_, tools_);
      if (status != Status::kIncomplete) break;
    }
    return status;
  }
  std::string body() const {
    std::string text(body_.size(), '\0');
    body_.copy_out(0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    return text;
  }

  testing::TestPool pool_{64};
  ReaderTools tools_{*pool_, {}, {}};
  ResponseReader reader_;
  ByteChain input_;
  ByteChain body_;
};

TEST_F(ResponseReaderTest, ReadsLengthAndChunks) {
  EXPECT_EQ(read({"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"}), Status::kComplete);
  EXPECT_EQ(body(), "abc");
  EXPECT_EQ(reader_.parsed().status, 200U);
  EXPECT_TRUE(reader_.parsed().keeps_alive);
  EXPECT_EQ(read({"HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n", "2\r\nab\r\n0\r\n\r\n"}),
            Status::kComplete);
  EXPECT_EQ(body(), "ab");
  EXPECT_EQ(reader_.parsed().status, 404U);
}

TEST_F(ResponseReaderTest, AKnownHeadIsReadTheSameInAnyPieces) {
  const std::string head = "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 2\r\n\r\n";
  const std::string whole = head + "ab";
  ASSERT_EQ(read({whole}), Status::kComplete);
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    const std::string_view text = whole;
    ASSERT_EQ(read({text.substr(0, cut), text.substr(cut)}), Status::kComplete) << cut;
    EXPECT_EQ(body(), "ab");
    EXPECT_EQ(reader_.head_size(), head.size());
    EXPECT_TRUE(input_.empty());
  }
}

TEST_F(ResponseReaderTest, TheSameHeadHasNoBodyWhenItAnswersHead) {
  const char* head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
  EXPECT_EQ(read({head, "ab"}), Status::kComplete);
  EXPECT_EQ(read({head}, true), Status::kComplete);
  EXPECT_EQ(read({head, "cd"}), Status::kComplete);
  EXPECT_EQ(body(), "cd");
}

TEST_F(ResponseReaderTest, InterimResponsesComeBeforeTheOne) {
  EXPECT_EQ(read({"HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 204 No\r\n\r\n"}), Status::kComplete);
  EXPECT_EQ(reader_.parsed().status, 204U);
}

TEST_F(ResponseReaderTest, ABodyWithoutALengthEndsWithItsConnection) {
  EXPECT_EQ(read({"HTTP/1.1 200 OK\r\n\r\nabc", "def"}), Status::kIncomplete);
  EXPECT_TRUE(reader_.ends_with_connection());
  EXPECT_EQ(body(), "abcdef");
}

TEST_F(ResponseReaderTest, WhatIsNoResponseIsBad) {
  for (const char* text : {"SSH-2.0\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 1\n\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"}) {
    reader_ = ResponseReader();
    input_.clear();
    EXPECT_EQ(read({text}), Status::kBad) << text;
  }
}

}  // namespace
}  // namespace sluice::load
