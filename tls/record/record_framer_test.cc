#include "tls/record/record_framer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace sluice::tls {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes header(std::uint8_t type, std::uint8_t major, std::size_t size) {
  return {type, major, 3, static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
}

TEST(RecordFramer, StopsAtTheEndOfARecordUntilTold) {
  RecordFramer framer;
  EXPECT_EQ(framer.remaining(), 5U);
  framer.take(header(23, 3, 10));
  EXPECT_EQ(framer.remaining(), 10U);
  EXPECT_FALSE(framer.at_end());
  framer.take(Bytes(10));
  EXPECT_TRUE(framer.at_end());
  EXPECT_EQ(framer.remaining(), 0U);
  framer.begin_next();
  EXPECT_EQ(framer.remaining(), 5U);
}

TEST(RecordFramer, TakesHeaderAndFragmentByteByByte) {
  RecordFramer framer;
  Bytes record = header(22, 3, 300);
  record.resize(305);
  for (const std::uint8_t byte : record) {
    ASSERT_GT(framer.remaining(), 0U);
    ASSERT_FALSE(framer.at_end());
    framer.take({&byte, 1});
  }
  EXPECT_TRUE(framer.at_end());
}

TEST(RecordFramer, AnEmptyRecordEndsWithItsHeader) {
  RecordFramer framer;
  framer.take(header(21, 3, 0));
  EXPECT_TRUE(framer.at_end());
  EXPECT_FALSE(framer.broken());
}

TEST(RecordFramer, AHeaderOfSomethingElseBreaksIt) {
  for (const Bytes& bytes : {header(19, 3, 1), header(24, 3, 1), header(22, 2, 1),
                             header('G', 'E', 1), header(23, 3, RecordFramer::kMaxFragment + 1)}) {
    RecordFramer framer;
    framer.take(bytes);
    EXPECT_TRUE(framer.broken());
    EXPECT_FALSE(framer.at_end());
    EXPECT_EQ(framer.remaining(), 0U);
  }
}

TEST(RecordFramer, TakesTheLargestFragment) {
  RecordFramer framer;
  framer.take(header(23, 3, RecordFramer::kMaxFragment));
  EXPECT_EQ(framer.remaining(), RecordFramer::kMaxFragment);
}

}  // namespace
}  // namespace sluice::tls
