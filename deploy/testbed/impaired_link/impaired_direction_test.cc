#include "deploy/testbed/impaired_link/impaired_direction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <set>
#include <string_view>
#include <vector>

namespace sluice::testbed {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::size_t kSize = 1014;
constexpr std::size_t kNumberAt = 14;

/// What came out, and when.
struct Arrival {
  Instant at;
  std::uint32_t number;
  std::vector<std::uint8_t> bytes;
};

/// A direction to which numbered frames are given in virtual time.
class Link {
 public:
  explicit Link(std::string_view impairments, std::uint64_t seed = 1)
      : direction_(parse_impairments(impairments), seed, pool_) {}

  /// One frame now; its number, from 0 on.
  std::uint32_t send(std::size_t size = kSize) {
    run_to(now_);
    EXPECT_FALSE(direction_.take(now_, numbered(sent_, size)));
    return sent_++;
  }

  /// As many frames, a pause after each.
  void send_many(std::uint32_t count, Duration pause) {
    for (std::uint32_t i = 0; i < count; ++i) {
      send();
      run_to(now_ + pause);
    }
  }

  void run_to(Instant end) {
    while (direction_.next_due() <= end) {
      now_ = std::max(now_, direction_.next_due());
      receive();
    }
    now_ = end;
  }
  void finish() { run_to(now_ + std::chrono::seconds(100)); }

  [[nodiscard]] std::vector<std::uint32_t> numbers() const {
    std::vector<std::uint32_t> numbers;
    for (const Arrival& arrival : arrivals) numbers.push_back(arrival.number);
    return numbers;
  }
  [[nodiscard]] const DirectionCounters& counters() const { return direction_.counters(); }
  [[nodiscard]] std::size_t free_frames() const { return pool_.free(); }
  [[nodiscard]] Instant now() const { return now_; }

  std::vector<Arrival> arrivals;

 private:
  Frame numbered(std::uint32_t number, std::size_t size) {
    Frame frame = std::move(pool_.take().value());
    std::ranges::fill(frame.buffer(), std::uint8_t{0});
    frame.resize(size);
    frame.bytes()[12] = 0x08;  // IPv4
    for (unsigned byte = 0; byte < 4; ++byte) {
      frame.bytes()[kNumberAt + byte] = static_cast<std::uint8_t>(number >> (8 * byte));
    }
    return frame;
  }

  void receive() {
    while (std::optional<Frame> frame = direction_.release(now_)) {
      std::uint32_t number = 0;
      for (unsigned byte = 0; byte < 4; ++byte) {
        number |= std::uint32_t{frame->bytes()[kNumberAt + byte]} << (8 * byte);
      }
      arrivals.push_back({now_, number, {frame->bytes().begin(), frame->bytes().end()}});
    }
  }

  FramePool pool_{4096};
  ImpairedDirection direction_;
  Instant now_ = Instant(std::chrono::seconds(1));
  std::uint32_t sent_ = 0;
};

std::vector<std::uint32_t> up_to(std::uint32_t count) {
  std::vector<std::uint32_t> numbers(count);
  for (std::uint32_t i = 0; i < count; ++i) numbers[i] = i;
  return numbers;
}

TEST(ImpairedDirectionTest, APerfectLinkPassesAllAtOnceAndInOrder) {
  Link link("");
  link.send_many(1000, Duration::zero());
  EXPECT_EQ(link.numbers(), up_to(1000));
  EXPECT_EQ(link.arrivals.back().at, link.now());
  EXPECT_EQ(link.counters().forwarded, 1000U);
  EXPECT_EQ(link.counters().forwarded_bytes, 1000 * kSize);
}

TEST(ImpairedDirectionTest, DelayIsExact) {
  Link link("delay=20ms");
  const Instant begin = link.now();
  link.send();
  link.finish();
  ASSERT_EQ(link.arrivals.size(), 1U);
  EXPECT_EQ(link.arrivals[0].at, begin + milliseconds(20));
}

TEST(ImpairedDirectionTest, LosesItsShare) {
  Link link("loss=0.1");
  link.send_many(20000, microseconds(10));
  EXPECT_NEAR(static_cast<double>(link.counters().lost), 2000, 200);
  EXPECT_EQ(link.counters().lost + link.counters().forwarded, 20000U);
  EXPECT_EQ(link.arrivals.size(), link.counters().forwarded);
}

TEST(ImpairedDirectionTest, TheSameSeedHitsTheSameFrames) {
  constexpr auto kAll = "loss=0.1,duplicate=0.1,jitter=1ms,jitter-keeps-order=no,reorder=0.1";
  Link one(kAll, 7);
  Link same(kAll, 7);
  Link other(kAll, 8);
  for (Link* link : {&one, &same, &other}) {
    link->send_many(1000, microseconds(100));
    link->finish();
  }
  EXPECT_EQ(one.numbers(), same.numbers());
  EXPECT_NE(one.numbers(), other.numbers());
}

TEST(ImpairedDirectionTest, LossDoesNotDependOnTheTimeOrOnOtherImpairments) {
  Link slow("loss=0.2,duplicate=0.1,delay=5ms", 3);
  Link fast("loss=0.2", 3);
  slow.send_many(500, milliseconds(3));
  fast.send_many(500, microseconds(1));
  slow.finish();
  const auto seen = slow.numbers();
  const auto expected = fast.numbers();
  EXPECT_EQ(std::set(seen.begin(), seen.end()), std::set(expected.begin(), expected.end()));
}

TEST(ImpairedDirectionTest, BurstsLoseNeighbours) {
  Link link("burst-enter=0.01,burst-leave=0.25,burst-loss=1");
  link.send_many(50000, microseconds(10));
  // Bad: 0.01 / (0.01 + 0.25) of the frames, in runs of 4 on average.
  EXPECT_NEAR(static_cast<double>(link.counters().lost_in_bursts), 1923, 300);
  const auto numbers = link.numbers();
  std::size_t runs = 0;
  for (std::size_t i = 1; i < numbers.size(); ++i) runs += numbers[i] != numbers[i - 1] + 1 ? 1 : 0;
  EXPECT_NEAR(static_cast<double>(link.counters().lost_in_bursts) / static_cast<double>(runs), 4,
              0.6);
}

TEST(ImpairedDirectionTest, JitterThatKeepsOrderOnlyDelays) {
  Link link("delay=1ms,jitter=10ms");
  link.send_many(1000, microseconds(50));
  link.finish();
  EXPECT_EQ(link.numbers(), up_to(1000));
  EXPECT_EQ(link.counters().reordered, 0U);
}

TEST(ImpairedDirectionTest, JitterThatDoesNotKeepOrderStaysWithinItsBounds) {
  Link link("delay=1ms,jitter=10ms,jitter-keeps-order=no");
  const Instant begin = link.now();
  link.send_many(1000, microseconds(50));
  link.finish();
  EXPECT_EQ(link.arrivals.size(), 1000U);
  EXPECT_GT(link.counters().reordered, 100U);
  Duration least = milliseconds(100);
  Duration most{};
  for (const Arrival& arrival : link.arrivals) {
    const Duration took = arrival.at - (begin + arrival.number * microseconds(50));
    least = std::min(least, took);
    most = std::max(most, took);
  }
  EXPECT_GE(least, milliseconds(1));
  EXPECT_LT(least, microseconds(1200));
  EXPECT_LE(most, milliseconds(11));
  EXPECT_GT(most, microseconds(10800));
}

TEST(ImpairedDirectionTest, AHeldFrameIsPassedByItsNumberOfLaterOnes) {
  Link link("reorder=0.05,reorder-by=3,reorder-time=1s");
  link.send_many(2000, microseconds(10));
  link.finish();
  const auto numbers = link.numbers();
  ASSERT_EQ(numbers.size(), 2000U);
  EXPECT_NEAR(static_cast<double>(link.counters().reordered), 100, 35);
  for (std::size_t place = 0; place < numbers.size() - 10; ++place) {
    // Others may be held at the same time: those are not among the three.
    EXPECT_LE(numbers[place], place + 3);
    EXPECT_LE(place, numbers[place] + 6);
  }
}

TEST(ImpairedDirectionTest, AHeldFrameThatNothingPassesLeavesInTime) {
  Link link("reorder=1,reorder-by=3,reorder-time=10ms,delay=1ms");
  const Instant begin = link.now();
  link.send();
  link.finish();
  ASSERT_EQ(link.arrivals.size(), 1U);
  EXPECT_EQ(link.arrivals[0].at, begin + milliseconds(11));
}

TEST(ImpairedDirectionTest, DuplicatesAreWhole) {
  Link link("duplicate=1");
  link.send();
  link.finish();
  ASSERT_EQ(link.arrivals.size(), 2U);
  EXPECT_EQ(link.arrivals[0].bytes, link.arrivals[1].bytes);
  EXPECT_EQ(link.counters().duplicated, 1U);
}

TEST(ImpairedDirectionTest, CorruptionFlipsOneBitOfTheIpPacket) {
  Link link("corrupt=1");
  std::set<std::size_t> places;
  for (int i = 0; i < 200; ++i) link.send();
  link.finish();
  ASSERT_EQ(link.arrivals.size(), 200U);
  for (std::uint32_t number = 0; number < 200; ++number) {
    std::vector<std::uint8_t> sent(kSize);
    sent[12] = 0x08;
    for (unsigned byte = 0; byte < 4; ++byte) {
      sent[kNumberAt + byte] = static_cast<std::uint8_t>(number >> (8 * byte));
    }
    int flipped = 0;
    for (std::size_t place = 0; place < kSize; ++place) {
      const int bits =
          std::popcount(static_cast<unsigned>(sent[place] ^ link.arrivals[number].bytes[place]));
      flipped += bits;
      if (bits != 0) places.insert(place);
    }
    EXPECT_EQ(flipped, 1);
  }
  EXPECT_GE(*places.begin(), 14U);
  EXPECT_GT(*places.rbegin(), kSize * 9 / 10);
  EXPECT_GT(places.size(), 150U);
}

TEST(ImpairedDirectionTest, WhatHasNoChecksumIsNotCorrupted) {
  FramePool pool(1);
  ImpairedDirection direction(parse_impairments("corrupt=1"), 1, pool);
  Frame arp = std::move(pool.take().value());
  std::ranges::fill(arp.buffer(), std::uint8_t{0});
  arp.resize(60);
  arp.bytes()[12] = 0x08;
  arp.bytes()[13] = 0x06;
  EXPECT_FALSE(direction.take(Instant(), std::move(arp)));
  EXPECT_TRUE(direction.release(Instant()));
  EXPECT_EQ(direction.counters().corrupted, 0U);
}

TEST(ImpairedDirectionTest, MarksWhatMayBeMarkedAndLosesNothing) {
  Link link("mark=1");
  // The second byte of the number lies where the ECN field does: a quarter each may be marked as
  // ECT(0) and as ECT(1), may not be, and is.
  link.send_many(1024, microseconds(1));
  link.finish();
  EXPECT_EQ(link.arrivals.size(), 1024U);
  EXPECT_EQ(link.counters().marked, 512U);
}

TEST(ImpairedDirectionTest, TheRateIsKept) {
  Link link("rate=8M,queue=1G");  // a byte a microsecond
  const Instant begin = link.now();
  link.send_many(1000, Duration::zero());
  link.finish();
  ASSERT_EQ(link.arrivals.size(), 1000U);
  EXPECT_EQ(link.arrivals[0].at, begin + microseconds(kSize));
  EXPECT_EQ(link.arrivals[999].at, begin + 1000 * microseconds(kSize));
}

TEST(ImpairedDirectionTest, TheQueueHoldsItsBytesAndDropsItsTail) {
  Link link("rate=8M,queue=10K");
  link.send_many(100, Duration::zero());
  link.finish();
  // 10 * 1014 bytes are within 10 KiB, the one being sent among them.
  EXPECT_EQ(link.numbers(), up_to(10));
  EXPECT_EQ(link.counters().queue_dropped, 90U);
}

TEST(ImpairedDirectionTest, AnIdleLinkTakesAFrameLargerThanItsQueue) {
  Link link("rate=8M,queue=100");
  link.send();
  link.finish();
  EXPECT_EQ(link.arrivals.size(), 1U);
}

TEST(ImpairedDirectionTest, PacketsOverTheMtuAreDropped) {
  Link link("mtu=1000");
  link.send(1014);
  link.send(1015);
  link.finish();
  EXPECT_EQ(link.numbers(), up_to(1));
  EXPECT_EQ(link.counters().too_big, 1U);
}

TEST(ImpairedDirectionTest, EveryBufferComesBack) {
  Link link(
      "loss=0.1,burst-enter=0.01,burst-leave=0.5,duplicate=0.1,reorder=0.1,jitter=1ms,rate=100M,"
      "queue=20K,mtu=1000");
  const std::size_t before = link.free_frames();
  link.send_many(5000, microseconds(20));
  link.finish();
  EXPECT_EQ(link.free_frames(), before);
  const DirectionCounters& counters = link.counters();
  EXPECT_EQ(counters.taken + counters.duplicated, counters.forwarded + counters.lost +
                                                      counters.lost_in_bursts +
                                                      counters.queue_dropped + counters.too_big);
}

}  // namespace
}  // namespace sluice::testbed
