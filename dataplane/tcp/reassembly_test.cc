#include "dataplane/tcp/reassembly.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "dataplane/testing/eal.h"

namespace sluice::tcp {
namespace {

using ::sluice::testing::bytes_of;
using ::sluice::testing::TestPool;

TEST(Reassembly, KeepsPiecesUntilTheHoleBeforeThemIsFilled) {
  TestPool pool;
  Reassembly reassembly;
  ASSERT_TRUE(reassembly.insert(SequenceNumber(10), ByteChain(pool.packet("cd"))));
  ByteChain out;
  EXPECT_EQ(reassembly.take(SequenceNumber(8), out), 0U);
  EXPECT_EQ(reassembly.take(SequenceNumber(10), out), 2U);
  EXPECT_TRUE(reassembly.empty());
}

TEST(Reassembly, WorksAcrossTheWrapOfSequenceNumbers) {
  TestPool pool;
  Reassembly reassembly;
  ASSERT_TRUE(reassembly.insert(SequenceNumber(1), ByteChain(pool.packet("cd"))));
  ASSERT_TRUE(reassembly.insert(SequenceNumber(0xffffffff), ByteChain(pool.packet("ab"))));
  ByteChain out;
  EXPECT_EQ(reassembly.take(SequenceNumber(0xffffffff), out), 4U);
  EXPECT_EQ(bytes_of(out), "abcd");
}

TEST(Reassembly, BoundsThePieces) {
  TestPool pool;
  Reassembly reassembly;
  for (std::uint32_t i = 0; i < Reassembly::kMostPieces; ++i) {
    ASSERT_TRUE(reassembly.insert(SequenceNumber(10 + 2 * i), ByteChain(pool.packet("x"))));
  }
  EXPECT_FALSE(reassembly.insert(SequenceNumber(5000), ByteChain(pool.packet("x"))));
  // What covers pieces that are here needs no further place.
  EXPECT_TRUE(reassembly.insert(SequenceNumber(10), ByteChain(pool.packet("xxxxx"))));
  reassembly.clear();
}

TEST(Reassembly, AnyOrderAndOverlapGivesTheSameBytes) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    TestPool pool(512);
    std::string text(2000, '\0');
    for (char& c : text) c = static_cast<char>('a' + random() % 26);
    const SequenceNumber base(static_cast<std::uint32_t>(random()));
    Reassembly reassembly;
    ByteChain out;
    std::size_t delivered = 0;
    while (delivered < text.size()) {
      const std::size_t from = random() % text.size();
      const std::size_t size = std::min<std::size_t>(1 + random() % 300, text.size() - from);
      if (from + size <= delivered) continue;
      const std::size_t start = std::max(from, delivered);
      ASSERT_TRUE(
          reassembly.insert(base + static_cast<std::uint32_t>(start),
                            ByteChain(pool.packet(text.substr(start, from + size - start)))));
      delivered += reassembly.take(base + static_cast<std::uint32_t>(delivered), out);
    }
    EXPECT_EQ(bytes_of(out), text);
    EXPECT_TRUE(reassembly.empty());
    EXPECT_EQ(reassembly.size(), 0U);
  }
}

}  // namespace
}  // namespace sluice::tcp
