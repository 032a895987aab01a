#include "dataplane/worker/mailbox.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace sluice::worker {
namespace {

TEST(Mailbox, DoesWhatWasPostedInOrder) {
  Mailbox mailbox;
  EXPECT_FALSE(mailbox.work_off());
  std::vector<int> done;
  for (int i = 0; i < 5; ++i) mailbox.post([&done, i] { done.push_back(i); });
  EXPECT_TRUE(mailbox.work_off());
  EXPECT_EQ(done, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_FALSE(mailbox.work_off());
}

TEST(Mailbox, WorkMayPostMoreForTheNextTime) {
  Mailbox mailbox;
  int done = 0;
  mailbox.post([&] {
    ++done;
    mailbox.post([&] { ++done; });
  });
  EXPECT_TRUE(mailbox.work_off());
  EXPECT_EQ(done, 1);
  EXPECT_TRUE(mailbox.work_off());
  EXPECT_EQ(done, 2);
}

TEST(Mailbox, ForgetsWhatNobodyTook) {
  const auto kept = std::make_shared<int>(0);
  {
    Mailbox mailbox;
    mailbox.post([kept] { ++*kept; });
    EXPECT_EQ(kept.use_count(), 2);
  }
  EXPECT_EQ(kept.use_count(), 1);
  EXPECT_EQ(*kept, 0);
}

TEST(Mailbox, LosesNothingFromSeveralThreads) {
  Mailbox mailbox;
  constexpr int kEach = 10000;
  int done = 0;
  std::vector<std::thread> senders;
  senders.reserve(2);
  for (int sender = 0; sender < 2; ++sender) {
    senders.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) mailbox.post([&done] { ++done; });
    });
  }
  while (done < 2 * kEach) {
    if (!mailbox.work_off()) std::this_thread::yield();
  }
  for (std::thread& sender : senders) sender.join();
  EXPECT_FALSE(mailbox.work_off());
}

}  // namespace
}  // namespace sluice::worker
