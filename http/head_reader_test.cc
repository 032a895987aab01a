#include "http/head_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "dataplane/testing/eal.h"

namespace sluice::http {
namespace {

using sluice::testing::bytes_of;
using sluice::testing::TestPool;
using Status = HeadReader::Status;

constexpr std::size_t kLimit = 4096;
const std::string kHead = "GET / HTTP/1.1\r\nHost: www.example\r\n\r\n";

class HeadReaderTest : public ::testing::Test {
 protected:
  Status feed(std::string_view bytes, std::size_t limit = kLimit, bool skip = true) {
    // A buffer of its own for each piece.
    ByteChain piece(pool_.packet(bytes));
    if (!piece.empty()) {
      Packet guard = pool_->share(*piece.head(), 0, piece.head()->data_len);
      input_.append(std::move(piece));
    }
    return reader_.read(input_, limit, skip);
  }

  TestPool pool_;
  ByteChain input_;
  HeadReader reader_;
};

TEST_F(HeadReaderTest, FindsAHeadWhereItLies) {
  ASSERT_EQ(feed(kHead + "body"), Status::kComplete);
  EXPECT_EQ(reader_.head(input_), kHead);
  EXPECT_EQ(reader_.head(input_).data(), reinterpret_cast<const char*>(input_.front().data()));
  reader_.drop(input_);
  EXPECT_EQ(bytes_of(input_), "body");
}

TEST_F(HeadReaderTest, PutsAHeadTogetherWhereverItIsCut) {
  const std::string message = kHead + "body";
  for (std::size_t cut = 1; cut < message.size(); ++cut) {
    HeadReader reader;
    ByteChain input(pool_.packet(message.substr(0, cut)));
    Status status = reader.read(input, kLimit, true);
    ASSERT_EQ(status, cut < kHead.size() ? Status::kIncomplete : Status::kComplete) << cut;
    if (status == Status::kIncomplete) {
      ASSERT_TRUE(input.empty());
      ASSERT_TRUE(reader.started());
    }
    ByteChain rest(pool_.packet(message.substr(cut)));
    input.append(std::move(rest));
    ASSERT_EQ(reader.read(input, kLimit, true), Status::kComplete) << cut;
    ASSERT_EQ(reader.head(input), kHead) << cut;
    const HeadBytes kept = reader.take(input, *pool_);
    ASSERT_EQ(kept.view(), kHead);
    ASSERT_EQ(bytes_of(input), "body") << cut;
    ASSERT_FALSE(reader.started());
  }
}

TEST_F(HeadReaderTest, PutsAHeadTogetherFromSingleBytes) {
  for (std::size_t i = 0; i + 1 < kHead.size(); ++i) {
    ASSERT_EQ(feed(kHead.substr(i, 1)), Status::kIncomplete);
  }
  ASSERT_EQ(feed("\n"), Status::kComplete);
  EXPECT_EQ(reader_.head(input_), kHead);
  reader_.drop(input_);
  ASSERT_EQ(feed(kHead), Status::kComplete) << "the reader begins anew";
}

TEST_F(HeadReaderTest, KeepsTheHeadByReferenceWhenItFillsItsBuffer) {
  ASSERT_EQ(feed(kHead), Status::kComplete);
  const char* where = reader_.head(input_).data();
  const HeadBytes kept = reader_.take(input_, *pool_);
  EXPECT_EQ(kept.view().data(), where);
}

TEST_F(HeadReaderTest, KeepsTheHeadWhenNoBufferIsLeft) {
  TestPool small(2);
  ByteChain input(small.packet(kHead + "body"));
  const Packet last = small->allocate();
  ASSERT_EQ(reader_.read(input, kLimit, true), Status::kComplete);
  const HeadBytes kept = reader_.take(input, *small);
  EXPECT_EQ(kept.view(), kHead);
  EXPECT_EQ(bytes_of(input), "body");
}

// RFC 9112 section 2.2: at least one empty line before a request is ignored.
TEST_F(HeadReaderTest, SkipsAFewEmptyLinesBeforeARequest) {
  ASSERT_EQ(feed("\r\n\r\n" + kHead), Status::kComplete);
  EXPECT_EQ(reader_.head(input_), kHead);
  reader_.drop(input_);
  ASSERT_EQ(feed("\r"), Status::kIncomplete);
  ASSERT_EQ(feed("\n\r"), Status::kIncomplete);
  ASSERT_EQ(feed("\n" + kHead), Status::kComplete);
  EXPECT_EQ(reader_.head(input_), kHead);
}

TEST_F(HeadReaderTest, RefusesEndlessEmptyLines) {
  std::string lines;
  for (unsigned i = 0; i <= HeadReader::kEmptyLinesAllowed; ++i) lines += "\r\n";
  EXPECT_EQ(feed(lines), Status::kEmptyLines);
}

TEST_F(HeadReaderTest, DoesNotSkipEmptyLinesBeforeAResponse) {
  ASSERT_EQ(feed("\r\nHTTP/1.1 200 OK\r\n\r\n", kLimit, false), Status::kComplete);
  EXPECT_EQ(reader_.head(input_), "\r\n");
}

TEST_F(HeadReaderTest, RefusesABareLfAtOnce) {
  EXPECT_EQ(feed("GET / HTTP/1.1\nHo"), Status::kBareLineEnd);
}

TEST_F(HeadReaderTest, RefusesABareLfAtTheStartOfAPiece) {
  ASSERT_EQ(feed("GET / HTTP/1.1"), Status::kIncomplete);
  EXPECT_EQ(feed("\nHost: a\r\n"), Status::kBareLineEnd);
}

TEST_F(HeadReaderTest, TellsALongLineFromALongHead) {
  EXPECT_EQ(feed("GET /" + std::string(200, 'a'), 100), Status::kLineTooLong);
  HeadReader other;
  ByteChain input(pool_.packet("GET / HTTP/1.1\r\nA: " + std::string(200, 'a')));
  EXPECT_EQ(other.read(input, 100, true), Status::kTooLong);
  HeadReader third;
  ByteChain whole(pool_.packet("GET / HTTP/1.1\r\nA: " + std::string(200, 'a') + "\r\n\r\n"));
  EXPECT_EQ(third.read(whole, 100, true), Status::kTooLong);
}

TEST_F(HeadReaderTest, TakesAHeadOfExactlyTheLimit) {
  EXPECT_EQ(feed(kHead, kHead.size()), Status::kComplete);
  HeadReader other;
  ByteChain input(pool_.packet(kHead));
  EXPECT_EQ(other.read(input, kHead.size() - 1, true), Status::kTooLong);
  HeadReader third;
  for (std::size_t i = 0; i + 1 < kHead.size(); ++i) {
    ByteChain byte(pool_.packet(kHead.substr(i, 1)));
    ASSERT_EQ(third.read(byte, kHead.size(), true), Status::kIncomplete);
  }
  ByteChain byte(pool_.packet("\n"));
  EXPECT_EQ(third.read(byte, kHead.size(), true), Status::kComplete);
}

TEST_F(HeadReaderTest, HoldsNoBufferOfAHeadInTheMaking) {
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(feed("X-" + std::string(300, 'a')), Status::kIncomplete);
    EXPECT_TRUE(input_.empty());
  }
}

}  // namespace
}  // namespace sluice::http
