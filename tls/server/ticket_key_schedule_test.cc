#include "tls/server/ticket_key_schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace sluice::tls {
namespace {

using namespace std::chrono_literals;

using Key = std::shared_ptr<const TicketKey>;
using Added = TicketKeySchedule::Added;

constexpr TicketKeySchedule::Settings kDefaults;
const TicketKeySchedule::Time kStart{1000h};

// A key whose name is this number in every byte.
Key key(std::uint8_t number) {
  std::array<std::uint8_t, TicketKey::kSize> bytes{};
  bytes.fill(number);
  return std::make_shared<const TicketKey>(bytes);
}

Key issuing(const TicketKeySchedule& schedule) {
  return schedule.ring().issuing().key;
}

bool accepts(const TicketKeySchedule& schedule, const Key& wanted, TicketKeyRing::Time now) {
  return schedule.ring().find(wanted->name(), now) != nullptr;
}

TEST(TicketKeySchedule, MakesANewKeyEveryTwelveHours) {
  TicketKeySchedule schedule(kDefaults, kStart);
  const Key first = issuing(schedule);
  EXPECT_FALSE(schedule.advance(kStart + 12h - 1s));
  EXPECT_EQ(issuing(schedule), first);
  EXPECT_TRUE(schedule.advance(kStart + 12h));
  EXPECT_NE(issuing(schedule), first);
  EXPECT_FALSE(schedule.advance(kStart + 24h - 1s));
}

TEST(TicketKeySchedule, AcceptsAKeyForThirtySixHours) {
  TicketKeySchedule schedule(kDefaults, kStart);
  const Key first = issuing(schedule);
  for (auto age = 12h; age < 36h; age += 12h) {
    EXPECT_TRUE(schedule.advance(kStart + age));
    EXPECT_TRUE(accepts(schedule, first, kStart + age));
  }
  EXPECT_EQ(schedule.entries().size(), 3U);
  EXPECT_TRUE(accepts(schedule, first, kStart + 36h - 1s));
  // Neither the ring that was made before, nor the next one, has it any more.
  EXPECT_FALSE(accepts(schedule, first, kStart + 36h));
  EXPECT_TRUE(schedule.advance(kStart + 36h));
  EXPECT_FALSE(accepts(schedule, first, kStart));
  EXPECT_EQ(schedule.entries().size(), 3U);
}

TEST(TicketKeySchedule, NobodyElseKeepsWhatItDrops) {
  TicketKeySchedule schedule(kDefaults, kStart);
  const std::weak_ptr<const TicketKey> first = issuing(schedule);
  schedule.advance(kStart + 12h);
  EXPECT_FALSE(first.expired());
  schedule.advance(kStart + 36h);
  EXPECT_TRUE(first.expired());
}

TEST(TicketKeySchedule, CatchesUpWhenItWasNotCalled) {
  TicketKeySchedule schedule(kDefaults, kStart);
  const Key first = issuing(schedule);
  EXPECT_TRUE(schedule.advance(kStart + 1000h));
  EXPECT_NE(issuing(schedule), first);
  EXPECT_EQ(schedule.entries().size(), 1U);
}

TEST(TicketKeySchedule, TheFirstOfAnOperatorsKeysIssuesAndAllStay) {
  TicketKeySchedule schedule(kDefaults, {key(1), key(2), key(3)});
  EXPECT_FALSE(schedule.advance(kStart + 10000h));
  EXPECT_EQ(issuing(schedule)->name()[0], 1);
  EXPECT_TRUE(accepts(schedule, key(1), kStart + 10000h));
  EXPECT_TRUE(accepts(schedule, key(2), kStart + 10000h));
  EXPECT_TRUE(accepts(schedule, key(3), kStart + 10000h));
  EXPECT_FALSE(accepts(schedule, key(4), kStart));
}

TEST(TicketKeySchedule, AnAddedKeyIsAcceptedAndIssuesAfterTheNext) {
  TicketKeySchedule schedule(kDefaults, {key(1), key(2)});
  EXPECT_EQ(schedule.add(key(3), kStart), Added::kNext);
  EXPECT_EQ(issuing(schedule)->name()[0], 1);
  EXPECT_TRUE(accepts(schedule, key(3), kStart));
  EXPECT_EQ(schedule.add(key(4), kStart + 1h), Added::kNext);
  EXPECT_EQ(issuing(schedule)->name()[0], 3);
  EXPECT_EQ(schedule.add(key(5), kStart + 2h), Added::kNext);
  EXPECT_EQ(issuing(schedule)->name()[0], 4);
}

TEST(TicketKeySchedule, AReplacedKeyIsAcceptedAsLongAsItsLastTicketMayLive) {
  TicketKeySchedule schedule(kDefaults, {key(1), key(2)});
  (void)schedule.add(key(3), kStart);
  (void)schedule.add(key(4), kStart + 1h);
  EXPECT_FALSE(schedule.advance(kStart + 37h - 1s));
  EXPECT_TRUE(accepts(schedule, key(1), kStart + 37h - 1s));
  EXPECT_TRUE(schedule.advance(kStart + 37h));
  EXPECT_FALSE(accepts(schedule, key(1), kStart));
  // It was never known to issue, so nobody knows when it stopped.
  EXPECT_TRUE(accepts(schedule, key(2), kStart + 37h));
  EXPECT_EQ(issuing(schedule)->name()[0], 3);
}

TEST(TicketKeySchedule, AnOperatorsKeyTakesTheIssueFromThoseMadeHere) {
  TicketKeySchedule schedule(kDefaults, kStart);
  const Key own = issuing(schedule);
  EXPECT_EQ(schedule.add(key(1), kStart + 1h), Added::kIssuing);
  EXPECT_EQ(issuing(schedule)->name()[0], 1);
  EXPECT_TRUE(accepts(schedule, own, kStart + 36h - 1s));
  EXPECT_FALSE(schedule.advance(kStart + 12h));
  EXPECT_EQ(schedule.add(key(2), kStart + 13h), Added::kNext);
  EXPECT_EQ(issuing(schedule)->name()[0], 1);
  EXPECT_TRUE(schedule.advance(kStart + 36h));
  EXPECT_FALSE(accepts(schedule, own, kStart));
  EXPECT_EQ(issuing(schedule)->name()[0], 1);
}

TEST(TicketKeySchedule, AKeyIsAddedOnce) {
  TicketKeySchedule schedule(kDefaults, {key(1), key(2)});
  EXPECT_EQ(schedule.add(key(2), kStart), Added::kKnownBefore);
  EXPECT_EQ(schedule.entries().size(), 2U);
  EXPECT_EQ(issuing(schedule)->name()[0], 1);
}

TEST(TicketKeySchedule, TheOldestGoesWhenThereIsNoRoom) {
  TicketKeySchedule schedule(kDefaults, {key(0), key(200)});
  for (std::uint8_t number = 1; number < TicketKeySchedule::kMostKeys; ++number) {
    (void)schedule.add(key(number), kStart);
  }
  EXPECT_EQ(schedule.entries().size(), TicketKeySchedule::kMostKeys);
  EXPECT_FALSE(accepts(schedule, key(200), kStart));
  EXPECT_TRUE(accepts(schedule, key(0), kStart));
  EXPECT_EQ(issuing(schedule)->name()[0], TicketKeySchedule::kMostKeys - 2);
}

TEST(TicketKeyRing, OnlyKeysBehindTheIssuingOneAreOld) {
  const TicketKeyRing ring({{key(1)}, {key(2)}, {key(3)}}, 1);
  EXPECT_FALSE(ring.is_old(*ring.find(key(1)->name(), kStart)));
  EXPECT_FALSE(ring.is_old(*ring.find(key(2)->name(), kStart)));
  EXPECT_TRUE(ring.is_old(*ring.find(key(3)->name(), kStart)));
}

TEST(TicketKeys, GiveTheReplacedRingBack) {
  TicketKeys keys(TicketKeyRing({{key(1)}}, 0));
  const TicketKeyRing& before = keys.ring();
  const auto replaced = keys.replace(TicketKeyRing({{key(2)}, {key(1)}}, 0));
  EXPECT_EQ(replaced.get(), &before);
  EXPECT_EQ(keys.ring().issuing().key->name()[0], 2);
}

}  // namespace
}  // namespace sluice::tls
