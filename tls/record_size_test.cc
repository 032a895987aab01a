#include "tls/record_size.h"

#include <gtest/gtest.h>

namespace sluice::tls {
namespace {

class RecordSizeTest : public ::testing::Test {
 public:
  // Makes records until they are large; returns how much went in small ones.
  std::size_t small_bytes() {
    std::size_t bytes = 0;
    for (;;) {
      const std::size_t next = size.next(clock.now(), kMaxPlaintext);
      if (next > RecordSize::kSmall) return bytes;
      bytes += next;
      size.sealed(next);
    }
  }
  Clock clock;
  RecordSize size;
};

TEST_F(RecordSizeTest, GrowsAfterTheFirstBytes) {
  EXPECT_GE(small_bytes(), RecordSize::kSmallBytes);
  EXPECT_EQ(size.next(clock.now(), kMaxPlaintext), kMaxPlaintext);
}

TEST_F(RecordSizeTest, NeverExceedsWhatThereIsOrWhatThePeerWants) {
  EXPECT_EQ(size.next(clock.now(), 5), 5U);
  (void)small_bytes();
  EXPECT_EQ(size.next(clock.now(), 512), 512U);
}

TEST_F(RecordSizeTest, IsSmallAgainAfterAPauseOnly) {
  (void)small_bytes();
  clock.advance_by(RecordSize::kPause);
  EXPECT_EQ(size.next(clock.now(), kMaxPlaintext), kMaxPlaintext);
  clock.advance_by(RecordSize::kPause + RecordSize::kTick);
  EXPECT_EQ(size.next(clock.now(), kMaxPlaintext), RecordSize::kSmall);
}

}  // namespace
}  // namespace sluice::tls
