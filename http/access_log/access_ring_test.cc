#include "http/access_log/access_ring.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace sluice::http {
namespace {

AccessEntry entry_of(std::string_view target) {
  AccessEntry entry;
  entry.text(AccessText::kMethod) = "GET";
  entry.text(AccessText::kTarget) = target;
  entry.capture(1) = "second";
  return entry;
}

std::vector<std::string> targets(AccessRing& ring) {
  std::vector<std::string> taken;
  ring.take([&](const AccessEntry& entry) {
    taken.emplace_back(entry.text(AccessText::kTarget));
    EXPECT_EQ(entry.text(AccessText::kMethod), "GET");
    EXPECT_EQ(entry.capture(0), "");
    EXPECT_EQ(entry.capture(1), "second");
  });
  return taken;
}

TEST(AccessRing, GivesRecordsInOrderWithTheirTexts) {
  AccessRing ring(1);
  AccessEntry entry = entry_of("/a");
  entry.record.status = 204;
  EXPECT_TRUE(ring.put(entry));
  EXPECT_TRUE(ring.put(entry_of("/b")));
  std::vector<unsigned> statuses;
  EXPECT_EQ(ring.take([&](const AccessEntry& one) { statuses.push_back(one.record.status); }), 2U);
  EXPECT_EQ(statuses, (std::vector<unsigned>{204, 0}));
  EXPECT_TRUE(targets(ring).empty());
}

TEST(AccessRing, CutsALongTextAndSaysSo) {
  AccessRing ring(1);
  const std::string target(5000, 'x');
  EXPECT_TRUE(ring.put(entry_of(target)));
  ring.take([&](const AccessEntry& entry) {
    EXPECT_EQ(entry.text(AccessText::kTarget), target.substr(0, longest(AccessText::kTarget)));
    EXPECT_TRUE(entry.is_cut(AccessText::kTarget));
    EXPECT_FALSE(entry.is_cut(AccessText::kMethod));
  });
}

TEST(AccessRing, TakesNoMoreThanItHasRoomForAndGoesOnWhenThereIsSome) {
  AccessRing ring(AccessRing::kSmallest);
  const std::string target(700, 'x');
  std::size_t fit = 0;
  while (ring.put(entry_of(target))) ++fit;
  EXPECT_GE(fit * 700, AccessRing::kSmallest / 3);
  EXPECT_LE(fit * 700, AccessRing::kSmallest);
  EXPECT_FALSE(ring.put(entry_of(target)));
  EXPECT_EQ(targets(ring).size(), fit);
  EXPECT_TRUE(ring.put(entry_of("/again")));
  EXPECT_EQ(targets(ring), std::vector<std::string>{"/again"});
}

TEST(AccessRing, IsRightWhereverItsEndFalls) {
  AccessRing ring(AccessRing::kSmallest);
  std::size_t put = 0;
  std::size_t taken = 0;
  for (std::size_t round = 0; round < 2000; ++round) {
    for (std::size_t i = 0; i < 1 + round % 7; ++i) {
      const std::string target = std::to_string(put) + std::string(put * 37 % 900, '.');
      ASSERT_TRUE(ring.put(entry_of(target)));
      ++put;
    }
    for (const std::string& target : targets(ring)) {
      EXPECT_EQ(target, std::to_string(taken) + std::string(taken * 37 % 900, '.'));
      ++taken;
    }
  }
  EXPECT_EQ(taken, put);
}

TEST(AccessRing, LosesNothingUnnoticedBetweenTwoThreads) {
  AccessRing ring(AccessRing::kSmallest);
  constexpr std::size_t kRecords = 50'000;
  std::size_t lost = 0;
  std::thread worker([&] {
    for (std::size_t i = 0; i < kRecords; ++i)
      lost += ring.put(entry_of(std::to_string(i))) ? 0 : 1;
  });
  std::size_t taken = 0;
  std::size_t last = 0;
  const auto take = [&] {
    ring.take([&](const AccessEntry& entry) {
      const std::size_t number = std::stoul(std::string(entry.text(AccessText::kTarget)));
      EXPECT_TRUE(taken == 0 || number > last);
      last = number;
      ++taken;
    });
  };
  for (int i = 0; i < 1000; ++i) take();
  worker.join();
  take();
  EXPECT_EQ(taken + lost, kRecords);
}

}  // namespace
}  // namespace sluice::http
