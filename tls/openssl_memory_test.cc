#include "tls/openssl_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <thread>
#include <vector>

namespace sluice::tls {
namespace {

constexpr std::size_t kSizes[] = {24, 40, 1000, 16 * 1024 + 8};

TEST(FreedMemory, GivesAPieceOutAgainForTheSameSize) {
  FreedMemory memory;
  for (const std::size_t size : kSizes) {
    void* piece = memory.take(size);
    ASSERT_NE(piece, nullptr);
    std::memset(piece, 1, size);
    memory.give(piece);
    void* again = memory.take(size);
    EXPECT_EQ(again, piece) << size;
    std::memset(again, 2, size);
    memory.give(again);
  }
}

TEST(FreedMemory, ASmallerPieceIsNotTakenForALargerOne) {
  FreedMemory memory;
  void* piece = memory.take(40);
  memory.give(piece);
  void* larger = memory.take(41);
  EXPECT_NE(larger, piece);
  std::memset(larger, 1, 41);
  memory.give(larger);
}

TEST(FreedMemory, NobodyHasAPieceTwice) {
  FreedMemory memory;
  void* first = memory.take(1000);
  memory.give(first);
  first = memory.take(1000);
  void* second = memory.take(1000);
  EXPECT_NE(first, second);
  memory.give(first);
  memory.give(second);
}

TEST(FreedMemory, KeepsSoMuchAndNoMore) {
  FreedMemory memory;
  constexpr std::size_t kSize = 1000;
  std::vector<void*> pieces;
  for (std::size_t i = 0; i < FreedMemory::kMostBytes / kSize + 10; ++i) {
    pieces.push_back(memory.take(kSize));
  }
  for (void* piece : pieces) memory.give(piece);
  EXPECT_EQ(memory.bytes_kept(), FreedMemory::kMostBytes / kSize * kSize);
}

TEST(FreedMemory, DoesNotKeepLargePieces) {
  FreedMemory memory;
  memory.give(memory.take(FreedMemory::kLargest + 100));
  EXPECT_EQ(memory.bytes_kept(), 0U);
}

TEST(FreedMemory, TakesAPieceOfAnotherThread) {
  const auto others = std::make_unique<FreedMemory>();
  void* piece = others->take(1000);
  std::thread([piece] {
    FreedMemory memory;
    memory.give(piece);
    EXPECT_EQ(memory.take(1000), piece);
    memory.give(piece);
  }).join();
}

}  // namespace
}  // namespace sluice::tls
