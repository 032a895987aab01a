#include <gtest/gtest.h>

#include <random>
#include <string>

#include "dataplane/testing/eal.h"
#include "http/chunked_decoder.h"
#include "http/chunked_encoder.h"

namespace sluice::http {
namespace {

using sluice::testing::bytes_of;
using sluice::testing::TestPool;
using Status = ChunkedDecoder::Status;

class ChunkedTest : public ::testing::Test {
 protected:
  struct Result {
    Status status;
    std::string data;
    std::string rest;
  };

  /// Decodes `text` in pieces of at most `piece` bytes.
  Result decode(std::string_view text, std::size_t piece = 1000) {
    ChunkedDecoder decoder;
    ByteChain input;
    ByteChain output;
    Status status = Status::kMore;
    while (!text.empty() && status == Status::kMore) {
      const std::string_view part = text.substr(0, piece);
      text.remove_prefix(part.size());
      EXPECT_TRUE(input.append_copy(
          {reinterpret_cast<const std::uint8_t*>(part.data()), part.size()}, *pool_));
      status = decoder.decode(input, output, *pool_);
    }
    return {status, bytes_of(output), bytes_of(input) + std::string(text)};
  }

  TestPool pool_;
};

// RFC 9112 section 7.1.
TEST_F(ChunkedTest, DecodesChunksUntilTheLast) {
  const Result result =
      decode("4\r\nWiki\r\n6\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\n\r\nnext");
  EXPECT_EQ(result.status, Status::kDone);
  EXPECT_EQ(result.data, "Wikipedia in \r\n\r\nchunks.");
  EXPECT_EQ(result.rest, "next");
}

TEST_F(ChunkedTest, DecodesTheSameInPiecesOfAnySize) {
  const std::string text =
      "1a;name=\"v;\"\r\nabcdefghijklmnopqrstuvwxyz\r\n0005\r\n12345\r\n0;x\r\nTrailer: "
      "a\r\nB:\r\n\r\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    const Result result = decode(text + "GET", piece);
    ASSERT_EQ(result.status, Status::kDone) << piece;
    ASSERT_EQ(result.data, "abcdefghijklmnopqrstuvwxyz12345") << piece;
    ASSERT_EQ(result.rest, "GET") << piece;
  }
}

TEST_F(ChunkedTest, EveryPrefixOfABodyIsIncomplete) {
  const std::string text = "5\r\nhello\r\n0\r\nA: b\r\n\r\n";
  for (std::size_t size = 0; size < text.size(); ++size) {
    ASSERT_EQ(decode(text.substr(0, size)).status, Status::kMore) << size;
  }
  EXPECT_EQ(decode(text).status, Status::kDone);
}

TEST_F(ChunkedTest, PassesLargeDataByReference) {
  TestPool pool(8);
  ByteChain input(pool.packet("400\r\n" + std::string(1024, 'x') + "\r\n"));
  const std::uint8_t* data = input.front().data() + 5;
  ByteChain output;
  ChunkedDecoder decoder;
  ASSERT_EQ(decoder.decode(input, output, *pool), Status::kMore);
  EXPECT_EQ(output.front().data(), data);
  EXPECT_TRUE(input.empty());
}

TEST_F(ChunkedTest, RefusesBadSizes) {
  for (const char* text : {"\r\n",
                           "g\r\n",
                           "-1\r\n",
                           "+1\r\n",
                           " 1\r\n",
                           "1 \r\n",
                           "1\t\r\n",
                           "0x1\r\n",
                           "1\n",
                           "1\r5",
                           ";a\r\n",
                           "1;a\n",
                           "1;a\rb",
                           "8000000000000000\r\n",
                           "ffffffffffffffff\r\n",
                           "11111111111111111\r\n",
                           "00000000000000001\r\n",
                           "1,\r\n",
                           "1h\r\n",
                           "\n",
                           "1;\x01\r\n",
                           "1\x0b\r\n",
                           "0\r\r\n",
                           "0\n\n"}) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{100}}) {
      EXPECT_EQ(decode(std::string(text) + "aaaa\r\n0\r\n\r\n", piece).status, Status::kBad)
          << text;
    }
  }
}

TEST_F(ChunkedTest, RefusesNulInASize) {
  using namespace std::string_view_literals;
  EXPECT_EQ(decode("1\0\r\na\r\n"sv).status, Status::kBad);
  EXPECT_EQ(decode("1;\0\r\na\r\n"sv).status, Status::kBad);
}

TEST_F(ChunkedTest, TakesTheLargestSize) {
  EXPECT_EQ(decode("7fffffffffffffff\r\nabc").status, Status::kMore);
  EXPECT_EQ(decode("7FFFFFFFFFFFFFFF\r\nabc").data, "abc");
}

TEST_F(ChunkedTest, RefusesAnythingBehindAChunk) {
  EXPECT_EQ(decode("3\r\nabcd\r\n").status, Status::kBad);
  EXPECT_EQ(decode("3\r\nabc\n").status, Status::kBad);
  EXPECT_EQ(decode("3\r\nabc\rX").status, Status::kBad);
  EXPECT_EQ(decode("3\r\nabc0\r\n\r\n").status, Status::kBad);
}

TEST_F(ChunkedTest, BoundsExtensions) {
  const std::string most(ChunkedDecoder::kExtensionLimit, 'e');
  EXPECT_EQ(decode("1;" + most + "\r\na\r\n0\r\n\r\n").status, Status::kDone);
  EXPECT_EQ(decode("1;" + most + "e\r\na\r\n0\r\n\r\n").status, Status::kBad);
  std::string many;
  for (std::size_t i = 0; i <= ChunkedDecoder::kExtensionLimit; ++i) many += "1;e\r\na\r\n";
  EXPECT_EQ(decode(many).status, Status::kBad) << "over all chunks of a body";
}

// RFC 9110 section 6.5.1: trailers may be discarded.
TEST_F(ChunkedTest, ChecksAndDropsTrailers) {
  const Result result = decode("1\r\na\r\n0\r\nContent-Length: 5\r\nX:y\r\n\r\nrest");
  EXPECT_EQ(result.status, Status::kDone);
  EXPECT_EQ(result.data, "a");
  EXPECT_EQ(result.rest, "rest");
  for (const char* trailer : {"A b: c\r\n", ": b\r\n", " A: b\r\n", "A: b\n", "A: b\r\n c\r\n",
                              "A\r\n", "A: \x01\r\n", "A: b\rc\r\n", "A : b\r\n"}) {
    EXPECT_EQ(decode("0\r\n" + std::string(trailer) + "\r\n").status, Status::kBad) << trailer;
  }
  EXPECT_EQ(decode("0\r\nA: " + std::string(ChunkedDecoder::kTrailerLimit, 'a')).status,
            Status::kBad);
}

TEST_F(ChunkedTest, StaysDoneAndStaysBad) {
  ChunkedDecoder decoder;
  ByteChain input(pool_.packet("0\r\n\r\n5\r\n"));
  ByteChain output;
  EXPECT_EQ(decoder.decode(input, output, *pool_), Status::kDone);
  EXPECT_EQ(decoder.decode(input, output, *pool_), Status::kDone);
  EXPECT_EQ(bytes_of(input), "5\r\n");
  ChunkedDecoder broken;
  ByteChain bad(pool_.packet("x0\r\n\r\n"));
  EXPECT_EQ(broken.decode(bad, output, *pool_), Status::kBad);
  EXPECT_EQ(broken.decode(bad, output, *pool_), Status::kBad);
}

TEST_F(ChunkedTest, TellsWhenBuffersRunOut) {
  TestPool pool(2);
  ByteChain input(pool.packet("3\r\nabcd"));
  const Packet last = pool->allocate();
  ByteChain output;
  ChunkedDecoder decoder;
  EXPECT_EQ(decoder.decode(input, output, *pool), Status::kNoBuffers);
}

TEST_F(ChunkedTest, EncodesWhatItDecodes) {
  std::mt19937 random(7);
  std::string all;
  ByteChain encoded;
  for (int i = 0; i < 40; ++i) {
    const std::string part(random() % 1500, static_cast<char>('a' + i % 26));
    all += part;
    ByteChain data;
    ASSERT_TRUE(data.append_copy({reinterpret_cast<const std::uint8_t*>(part.data()), part.size()},
                                 *pool_));
    ASSERT_TRUE(append_chunk(encoded, std::move(data), *pool_));
  }
  ASSERT_TRUE(append_last_chunk(encoded, *pool_));
  const Result result = decode(bytes_of(encoded), 97);
  EXPECT_EQ(result.status, Status::kDone);
  EXPECT_EQ(result.data, all);
  EXPECT_EQ(result.rest, "");
}

TEST_F(ChunkedTest, NeverEncodesAnEmptyChunk) {
  ByteChain encoded;
  ASSERT_TRUE(append_chunk(encoded, ByteChain(), *pool_));
  EXPECT_TRUE(encoded.empty());
  ASSERT_TRUE(append_chunk(encoded, ByteChain(pool_.packet("0123456789abcdef")), *pool_));
  EXPECT_EQ(bytes_of(encoded), "10\r\n0123456789abcdef\r\n");
}

}  // namespace
}  // namespace sluice::http
