#include "dataplane/base/undumped_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace sluice::undumped {
namespace {

constexpr std::size_t kSizes[] = {
    1, 8, 24, 25, 100, 1000, kLargestShared, kLargestShared + 1, std::size_t{3} << 20};

// Whether the kernel leaves the page of an address out of core dumps ("dd", proc(5)).
bool is_left_out(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t from = 0;
    std::uintptr_t to = 0;
    char dash = 0;
    std::istringstream words(line);
    if (words >> std::hex >> from >> dash >> to && dash == '-') {
      inside = from <= wanted && wanted < to;
    } else if (inside && line.starts_with("VmFlags:")) {
      return line.find(" dd") != std::string::npos;
    }
  }
  return false;
}

TEST(UndumpedMemory, IsLeftOutOfCoreDumps) {
  for (const std::size_t size : kSizes) {
    void* piece = take(size);
    ASSERT_NE(piece, nullptr);
    EXPECT_TRUE(is_left_out(piece)) << size;
    EXPECT_TRUE(is_left_out(static_cast<std::byte*>(piece) + size - 1)) << size;
    give(piece);
  }
}

TEST(UndumpedMemory, OtherMemoryIsNot) {
  const auto other = std::make_unique<int>();
  EXPECT_FALSE(is_left_out(other.get()));
}

TEST(UndumpedMemory, PiecesAreAsLargeAsAskedForAndApart) {
  std::vector<std::pair<unsigned char*, std::size_t>> pieces;
  for (int round = 0; round < 200; ++round) {
    for (const std::size_t size : kSizes) {
      auto* piece = static_cast<unsigned char*>(take(size));
      ASSERT_NE(piece, nullptr);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(piece) % 16, 0U);
      ASSERT_GE(usable_size(piece), size);
      std::memset(piece, static_cast<int>(pieces.size() % 251), usable_size(piece));
      pieces.emplace_back(piece, usable_size(piece));
      if (size > (1U << 20) && round > 5) {
        give(piece);
        pieces.pop_back();
      }
    }
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    EXPECT_EQ(pieces[i].first[0], i % 251);
    EXPECT_EQ(pieces[i].first[pieces[i].second - 1], i % 251);
    give(pieces[i].first);
  }
}

TEST(UndumpedMemory, WhatWasGivenBackIsTakenAgain) {
  void* first = take(1000);
  give(first);
  EXPECT_EQ(take(1000), first);
  give(first);
}

TEST(UndumpedMemory, MayBeGivenBackByAnotherThread) {
  void* piece = take(1000);
  std::thread([piece] { give(piece); }).join();
  EXPECT_EQ(take(1000), piece);
  give(piece);
}

TEST(UndumpedMemory, RefusesWhatThereCannotBe) {
  EXPECT_EQ(take(SIZE_MAX), nullptr);
  EXPECT_EQ(take(SIZE_MAX / 4), nullptr);
}

TEST(UndumpedMemory, HasAlignedPieces) {
  void* piece = take_aligned(100);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(piece) % 64, 0U);
  give(piece);
}

TEST(UndumpedMemory, SharedMemoryCanBeLeftOut) {
  ASSERT_TRUE(leave_shared_memory_out_of_core_dumps());
  std::ifstream filter("/proc/self/coredump_filter");
  std::string value;
  filter >> value;
  EXPECT_EQ(value, "00000011");
}

}  // namespace
}  // namespace sluice::undumped
