#include "dataplane/tcp/reassembly.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/testing/eal.h"

namespace sluice::tcp {
namespace {

using ::sluice::testing::bytes_of;
using ::sluice::testing::TestPool;
using ::testing::ElementsAre;
using wire::SackBlock;

/// A reassembly with the pools it needs.
class Held {
 public:
  explicit Held(std::uint32_t buffers = 1024) : buffers_(buffers), runs_(512) {}
  ~Held() { reassembly_.clear(runs_); }

  Reassembly::Inserted insert(SequenceNumber begin, std::string_view bytes) {
    return reassembly_.insert(begin, ByteChain(buffers_.packet(bytes)), runs_);
  }
  Reassembly::Inserted insert(std::uint32_t begin, std::string_view bytes) {
    return insert(SequenceNumber(begin), bytes);
  }
  std::size_t take(SequenceNumber next, ByteChain& out) {
    return reassembly_.take(next, out, runs_);
  }
  std::vector<SackBlock> report(std::size_t most = 4) const {
    wire::SackBlocks blocks;
    reassembly_.report(blocks, most, {}, runs_);
    return {blocks.all().begin(), blocks.all().end()};
  }
  void clear() { reassembly_.clear(runs_); }
  const Reassembly& operator*() const { return reassembly_; }
  const Reassembly* operator->() const { return &reassembly_; }
  [[nodiscard]] std::uint32_t runs_in_use() const { return runs_.size(); }

 private:
  TestPool buffers_;
  HeldRunPool runs_;
  Reassembly reassembly_;
};

TEST(Reassembly, KeepsBytesUntilTheHoleBeforeThemIsFilled) {
  Held held;
  ASSERT_TRUE(held.insert(10, "cd").kept);
  ByteChain out;
  EXPECT_EQ(held.take(SequenceNumber(8), out), 0U);
  EXPECT_EQ(held.take(SequenceNumber(10), out), 2U);
  EXPECT_TRUE(held->empty());
  EXPECT_EQ(held.runs_in_use(), 0U);
}

TEST(Reassembly, WorksAcrossTheWrapOfSequenceNumbers) {
  Held held;
  ASSERT_TRUE(held.insert(1, "cd").kept);
  ASSERT_TRUE(held.insert(0xffffffff, "ab").kept);
  ByteChain out;
  EXPECT_EQ(held.take(SequenceNumber(0xffffffff), out), 4U);
  EXPECT_EQ(bytes_of(out), "abcd");
}

TEST(Reassembly, BoundsTheRuns) {
  Held held;
  for (std::uint32_t i = 0; i < Reassembly::kMostRuns; ++i) {
    ASSERT_TRUE(held.insert(10 + 2 * i, "x").kept);
  }
  EXPECT_FALSE(held.insert(5000, "x").kept);
  // What joins or covers runs that are here needs no further place.
  EXPECT_TRUE(held.insert(10, "xxxxx").kept);
  EXPECT_LT(held->runs(), Reassembly::kMostRuns);
}

TEST(Reassembly, RunsThatTouchBecomeOne) {
  Held held;
  held.insert(10, "a");
  held.insert(12, "c");
  EXPECT_EQ(held->runs(), 2U);
  held.insert(11, "b");
  EXPECT_EQ(held->runs(), 1U);
  EXPECT_EQ(held->size(), 3U);
}

// RFC 2018 section 4.
TEST(Reassembly, TheFirstBlockIsTheRunThatHoldsTheLatestSegment) {
  Held held;
  held.insert(10, "aa");
  held.insert(20, "aa");
  held.insert(30, "aa");
  EXPECT_THAT(held.report(), ElementsAre(SackBlock{30, 32}, SackBlock{20, 22}, SackBlock{10, 12}));
  held.insert(12, "bb");
  EXPECT_THAT(held.report(), ElementsAre(SackBlock{10, 14}, SackBlock{30, 32}, SackBlock{20, 22}));
  EXPECT_THAT(held.report(2), ElementsAre(SackBlock{10, 14}, SackBlock{30, 32}));
}

// RFC 2883 section 4.
TEST(Reassembly, TellsWhatWasHeldAlready) {
  Held held;
  EXPECT_EQ(held.insert(10, "abcd").duplicate, (SackBlock{0, 0}));
  EXPECT_EQ(held.insert(10, "abcd").duplicate, (SackBlock{10, 14}));
  EXPECT_EQ(held.insert(8, "xxab").duplicate, (SackBlock{10, 12}));
  EXPECT_EQ(held.insert(12, "cdef").duplicate, (SackBlock{12, 14}));
  EXPECT_EQ(held.insert(6, "wwxxabcdefgh").duplicate, (SackBlock{8, 16}));
  EXPECT_THAT(held.report(), ElementsAre(SackBlock{6, 18}));
}

TEST(Reassembly, AnyOrderAndOverlapGivesTheSameBytes) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    Held held(512);
    std::string text(2000, '\0');
    for (char& c : text) c = static_cast<char>('a' + random() % 26);
    const SequenceNumber base(static_cast<std::uint32_t>(random()));
    ByteChain out;
    std::size_t delivered = 0;
    while (delivered < text.size()) {
      const std::size_t from = random() % text.size();
      const std::size_t size = std::min<std::size_t>(1 + random() % 300, text.size() - from);
      if (from + size <= delivered) continue;
      const std::size_t start = std::max(from, delivered);
      ASSERT_TRUE(held.insert(base + static_cast<std::uint32_t>(start),
                              text.substr(start, from + size - start))
                      .kept);
      delivered += held.take(base + static_cast<std::uint32_t>(delivered), out);
      ASSERT_EQ(held->runs(), held.runs_in_use());
      ASSERT_EQ(held.report(Reassembly::kMostRuns).size(), std::min<std::size_t>(held->runs(), 4));
    }
    EXPECT_EQ(bytes_of(out), text);
    EXPECT_TRUE(held->empty());
    EXPECT_EQ(held->size(), 0U);
  }
}

}  // namespace
}  // namespace sluice::tcp
