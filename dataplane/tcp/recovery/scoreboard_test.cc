#include "dataplane/tcp/recovery/scoreboard.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>
#include <vector>

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;
using Part = Scoreboard::Part;

constexpr std::uint32_t kMss = 1000;

class ScoreboardTest : public ::testing::Test {
 protected:
  static Instant at(int milliseconds_since_start) {
    return Instant(milliseconds(milliseconds_since_start));
  }
  SequenceNumber segment(std::uint32_t number) { return base_ + number * kMss; }

  void send(std::uint32_t segments, int when) {
    board_.sent(board_.end() + segments * kMss, at(when));
  }
  std::uint32_t sack(std::uint32_t from, std::uint32_t to) {
    std::uint32_t news = 0;
    board_.sack(segment(from), segment(to), [&](const Part& part) { news += part.size(); });
    return news / kMss;
  }
  std::uint32_t acknowledge(std::uint32_t to) {
    std::uint32_t forgotten = 0;
    board_.acknowledge(segment(to), [&](const Part& part) { forgotten += part.size(); });
    return forgotten / kMss;
  }

  SequenceNumber base_{0xffffe000};
  RangePools pools_{64};
  Scoreboard board_{base_, pools_};
};

TEST_F(ScoreboardTest, WhatIsSentAtOnceIsOneRange) {
  send(10, 0);
  send(5, 0);
  EXPECT_EQ(board_.size(), 1U);
  send(1, 1);
  EXPECT_EQ(board_.size(), 2U);
  EXPECT_EQ(board_.pipe(), 16 * kMss);
}

TEST_F(ScoreboardTest, AnAckForgetsAPartOfARange) {
  send(10, 0);
  EXPECT_EQ(acknowledge(4), 4U);
  EXPECT_EQ(board_.begin(), segment(4));
  EXPECT_EQ(board_.pipe(), 6 * kMss);
  EXPECT_EQ(acknowledge(10), 6U);
  EXPECT_TRUE(board_.empty());
}

TEST_F(ScoreboardTest, SacksLeaveThePipeAndCountOnce) {
  send(10, 0);
  EXPECT_EQ(sack(2, 4), 2U);
  EXPECT_EQ(sack(3, 6), 2U);
  EXPECT_EQ(sack(2, 6), 0U);
  EXPECT_EQ(board_.pipe(), 6 * kMss);
  EXPECT_EQ(board_.size(), 3U);
  EXPECT_EQ(acknowledge(3), 3U);
  EXPECT_EQ(board_.sacked(), 3 * kMss);
}

TEST_F(ScoreboardTest, WhatIsLostIsFoundInOrderUntilItIsSentAgain) {
  send(10, 0);
  sack(3, 4);
  sack(6, 10);
  for (std::size_t i = 0; i < board_.size(); ++i) board_.mark_lost(i);
  EXPECT_EQ(board_.lost(), 5 * kMss);
  EXPECT_EQ(board_.pipe(), 0U);
  EXPECT_EQ(board_.first_lost()->begin, segment(0));
  board_.resent(segment(0), segment(1), at(50));
  EXPECT_EQ(board_.first_lost()->begin, segment(1));
  board_.resent(segment(1), segment(3), at(50));
  EXPECT_EQ(board_.first_lost()->begin, segment(4));
  EXPECT_EQ(board_.first_lost()->end, segment(6));
  EXPECT_EQ(board_.pipe(), 3 * kMss);
  board_.resent(segment(4), segment(6), at(50));
  EXPECT_FALSE(board_.first_lost());
}

TEST_F(ScoreboardTest, WhatIsLostAgainIsFoundAgain) {
  send(3, 0);
  board_.mark_all_lost();
  board_.resent(segment(0), segment(3), at(50));
  board_.mark_lost(0);
  EXPECT_EQ(board_.first_lost()->begin, segment(0));
  EXPECT_TRUE(board_.first_lost()->range.resent);
}

TEST_F(ScoreboardTest, ALateOriginalOfWhatWasTakenForLostIsSacked) {
  send(5, 0);
  board_.mark_front_lost(kMss);
  EXPECT_EQ(board_.lost(), kMss);
  EXPECT_EQ(sack(0, 1), 1U);
  EXPECT_EQ(board_.lost(), 0U);
  EXPECT_EQ(board_.sacked(), kMss);
}

// RFC 2018 section 8.
TEST_F(ScoreboardTest, WhatWasSackedIsOutstandingAgainWhenForgotten) {
  send(10, 0);
  sack(5, 10);
  board_.forget_sacked();
  EXPECT_EQ(board_.pipe(), 10 * kMss);
}

TEST_F(ScoreboardTest, JoinedRangesKeepTheSpanOfTheirTimes) {
  for (int i = 0; i < 1000; ++i) send(1, i);
  EXPECT_LE(board_.size(), RangePools::kSome);
  std::uint32_t covered = 0;
  Instant last_end = at(0);
  board_.acknowledge(segment(1000), [&](const Part& part) {
    const auto first = static_cast<int>((part.begin - base_) / kMss);
    const auto last = static_cast<int>((part.end - base_) / kMss) - 1;
    EXPECT_EQ(part.range.first_sent, SentTime::of(at(first)));
    EXPECT_EQ(part.range.last_sent, SentTime::of(at(last)));
    covered += part.size();
    last_end = at(last);
  });
  EXPECT_EQ(covered, 1000 * kMss);
}

TEST_F(ScoreboardTest, ScatteredBlocksAreRefusedWhenThereIsNoRoomForThem) {
  send(10'000, 0);
  std::uint32_t taken = 0;
  for (std::uint32_t i = 1; i < 10'000; i += 2) taken += sack(i, i + 1);
  EXPECT_LE(board_.size(), RangePools::kMany);
  EXPECT_GT(taken, RangePools::kMany / 3);
  EXPECT_EQ(board_.sacked(), taken * kMss);
  // There is still room to send, and to send again.
  for (int i = 1; i < 100; ++i) send(1, i);
  board_.mark_lost(0);
  board_.resent(segment(0), segment(1), at(200));
  EXPECT_EQ(board_.end(), segment(10'099));
  EXPECT_EQ(board_.pipe(), (10'099 - taken) * kMss);
}

TEST_F(ScoreboardTest, GivesItsMemoryBack) {
  {
    Scoreboard board(base_, pools_);
    for (int i = 0; i < 10; ++i) board.sent(board.end() + kMss, at(i));
    EXPECT_EQ(pools_.some.size(), 1U);
    for (std::uint32_t i = 0; i < 90; ++i) {
      board.sent(board.end() + 2 * kMss, at(100));
      board.sack(board.end() - kMss, board.end(), [](const Part&) {});
    }
    EXPECT_EQ(pools_.many.size(), 1U);
    EXPECT_EQ(pools_.some.size(), 0U);
  }
  EXPECT_EQ(pools_.many.size(), 0U);
}

/// The same by brute force: one entry for each byte.
class Model {
 public:
  struct Byte {
    bool sacked = false;
    bool lost = false;
  };
  std::vector<Byte> bytes;
  std::size_t begin = 0;

  [[nodiscard]] std::uint32_t pipe() const {
    std::uint32_t sum = 0;
    for (std::size_t i = begin; i < bytes.size(); ++i) {
      sum += bytes[i].sacked || bytes[i].lost ? 0 : 1;
    }
    return sum;
  }
};

TEST(Scoreboard, AgreesWithOneEntryForEachByte) {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    RangePools pools(16);
    const SequenceNumber base(static_cast<std::uint32_t>(random()));
    Scoreboard board(base, pools);
    Model model;
    for (int step = 0; step < 400; ++step) {
      const Instant now{milliseconds(step)};
      const auto outstanding = static_cast<std::uint32_t>(model.bytes.size() - model.begin);
      const std::uint32_t from = outstanding == 0 ? 0 : random() % outstanding;
      const std::uint32_t size =
          outstanding == 0 ? 0 : 1 + random() % std::min(outstanding - from, 30U);
      switch (outstanding == 0 ? 0 : random() % 6) {
        case 0:
        case 1: {
          const std::uint32_t more = 1 + random() % 50;
          model.bytes.resize(model.bytes.size() + more);
          board.sent(board.end() + more, now);
          break;
        }
        case 2:
        case 3: {
          std::uint32_t news = 0;
          board.sack(board.begin() + from, board.begin() + from + size,
                     [&](const Part& part) { news += part.size(); });
          for (std::uint32_t i = from; i < from + size; ++i) {
            Model::Byte& byte = model.bytes[model.begin + i];
            news -= byte.sacked ? 0 : 1;
            byte = {.sacked = true};
          }
          ASSERT_EQ(news, 0U);
          break;
        }
        case 4: {
          board.acknowledge(board.begin() + size, [](const Part&) {});
          model.begin += size;
          break;
        }
        default: {
          if (const auto lost = board.first_lost(); lost && random() % 2 == 0) {
            const std::uint32_t again = 1 + random() % lost->size();
            for (std::uint32_t i = 0; i < again; ++i) {
              Model::Byte& byte = model.bytes[lost->begin - base + i];
              ASSERT_TRUE(byte.lost);
              byte.lost = false;
            }
            board.resent(lost->begin, lost->begin + again, now);
          } else {
            const std::size_t index = random() % board.size();
            const Part part = board.part(index);
            board.mark_lost(index);
            for (std::uint32_t i = part.begin - base; i < part.end - base; ++i) {
              if (!model.bytes[i].sacked) model.bytes[i].lost = true;
            }
          }
        }
      }
      ASSERT_EQ(board.pipe(), model.pipe()) << "step " << step;
      ASSERT_EQ(board.end() - base, model.bytes.size());
      const auto lost = board.first_lost();
      std::size_t expected = model.begin;
      while (expected < model.bytes.size() && !model.bytes[expected].lost) ++expected;
      ASSERT_EQ(lost ? lost->begin - base : model.bytes.size(), expected) << "step " << step;
    }
  }
}

}  // namespace
}  // namespace sluice::tcp
