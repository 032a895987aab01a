#include "control/retirement.h"

#include <gtest/gtest.h>

#include <rte_rcu_qsbr.h>

#include <atomic>
#include <thread>
#include <vector>

namespace sluice::control {
namespace {

// The part of a worker that tells when a pass of its loop has ended.
class Worker {
 public:
  Worker(worker::Quiescence& quiescence, std::uint32_t index)
      : state_(quiescence.get()), index_(index) {
    rte_rcu_qsbr_thread_register(state_, index_);
    rte_rcu_qsbr_thread_online(state_, index_);
  }
  ~Worker() {
    rte_rcu_qsbr_thread_offline(state_, index_);
    rte_rcu_qsbr_thread_unregister(state_, index_);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void end_pass() { rte_rcu_qsbr_quiescent(state_, index_); }

 private:
  rte_rcu_qsbr* state_;
  std::uint32_t index_;
};

TEST(Retirement, KeepsWhatAWorkerMayHold) {
  worker::Quiescence quiescence(2);
  Retirement retired(quiescence);
  Worker first(quiescence, 0);
  Worker second(quiescence, 1);
  auto object = std::make_shared<const int>(1);
  const std::weak_ptr<const int> seen = object;
  retired.add(std::move(object));
  for (int pass = 0; pass < 5; ++pass) {
    first.end_pass();
    retired.reclaim();
    EXPECT_FALSE(seen.expired()) << "the second worker is still in its pass";
  }
  for (int pass = 0; pass < 2; ++pass) {
    first.end_pass();
    second.end_pass();
    retired.reclaim();
  }
  EXPECT_TRUE(seen.expired());
}

TEST(Retirement, TakesNothingForNothing) {
  worker::Quiescence quiescence(1);
  Retirement retired(quiescence);
  retired.add(nullptr);
  EXPECT_EQ(retired.size(), 0U);
}

// Under a sanitizer this fails when an object is freed too early. Workers look at it within a pass,
// as handshakes do at the keys of tickets.
TEST(Retirement, ManyReplacementsUnderRunningWorkers) {
  constexpr std::uint32_t kWorkers = 3;
  worker::Quiescence quiescence(kWorkers);
  Retirement retired(quiescence);
  auto owned = std::make_unique<const std::vector<int>>(100, 0);
  std::atomic<const std::vector<int>*> current{owned.get()};
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> mismatches{0};
  std::vector<std::thread> threads;
  for (std::uint32_t index = 0; index < kWorkers; ++index) {
    threads.emplace_back([&, index] {
      Worker worker(quiescence, index);
      while (!stop) {
        const std::vector<int>& seen = *current.load(std::memory_order_acquire);
        if (seen.front() != seen.back()) ++mismatches;
        worker.end_pass();
      }
    });
  }
  for (int number = 1; number < 5000; ++number) {
    auto next = std::make_unique<const std::vector<int>>(100, number);
    current.store(next.get(), std::memory_order_release);
    owned.swap(next);
    retired.add(std::move(next));
    retired.reclaim();
    if (number % 64 == 0) std::this_thread::yield();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  while (retired.size() > 0) retired.reclaim();
  EXPECT_EQ(mismatches, 0U);
}

}  // namespace
}  // namespace sluice::control
