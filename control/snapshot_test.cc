#include "control/snapshot.h"

#include <gtest/gtest.h>

#include <rte_rcu_qsbr.h>

#include <atomic>
#include <thread>
#include <vector>

namespace sluice::control {
namespace {

std::unique_ptr<const Snapshot> snapshot(std::uint64_t generation) {
  auto made = std::make_unique<Snapshot>();
  made->generation = generation;
  made->http.server_count = static_cast<std::uint32_t>(generation);
  return made;
}

/// The part of a worker that deals with snapshots.
class Worker {
 public:
  Worker(worker::Quiescence& quiescence, SnapshotStore& store, std::uint32_t index)
      : state_(quiescence.get()), reader_(store), index_(index) {
    rte_rcu_qsbr_thread_register(state_, index_);
    rte_rcu_qsbr_thread_online(state_, index_);
  }
  ~Worker() { stop(); }

  template <typename Adopt>
  void loop(Adopt&& adopt) {
    reader_.begin_loop(adopt);
    rte_rcu_qsbr_quiescent(state_, index_);
  }
  void loop() {
    loop([](const Snapshot&) {});
  }
  void stop() {
    rte_rcu_qsbr_thread_offline(state_, index_);
    rte_rcu_qsbr_thread_unregister(state_, index_);
  }

 private:
  rte_rcu_qsbr* state_;
  SnapshotReader reader_;
  std::uint32_t index_;
};

TEST(SnapshotStore, IsAdoptedOnceInTheNextLoop) {
  worker::Quiescence quiescence(1);
  SnapshotStore store(quiescence);
  store.publish(snapshot(1));
  Worker worker(quiescence, store, 0);
  std::vector<std::uint64_t> adopted;
  auto note = [&](const Snapshot& current) { adopted.push_back(current.generation); };
  worker.loop(note);
  worker.loop(note);
  store.publish(snapshot(2));
  worker.loop(note);
  worker.loop(note);
  EXPECT_EQ(adopted, (std::vector<std::uint64_t>{1, 2}));
}

TEST(SnapshotStore, KeepsAReplacedOneWhileAWorkerMayHoldIt) {
  worker::Quiescence quiescence(2);
  SnapshotStore store(quiescence);
  store.publish(snapshot(1));
  Worker first(quiescence, store, 0);
  Worker second(quiescence, store, 1);
  first.loop();
  second.loop();
  store.publish(snapshot(2));
  for (int loop = 0; loop < 5; ++loop) {
    first.loop();
    store.reclaim();
    EXPECT_EQ(store.retired(), 1U) << "the second worker has not looped";
  }
  for (int loop = 0; loop < 2; ++loop) {
    first.loop();
    second.loop();
    store.reclaim();
  }
  EXPECT_EQ(store.retired(), 0U);
}

TEST(SnapshotStore, DoesNotWaitForAWorkerThatHasEnded) {
  worker::Quiescence quiescence(2);
  SnapshotStore store(quiescence);
  store.publish(snapshot(1));
  {
    Worker ended(quiescence, store, 1);
    ended.loop();
  }
  store.publish(snapshot(2));
  store.reclaim();
  EXPECT_EQ(store.retired(), 0U);
}

// Under a sanitizer this fails when a snapshot is freed too early.
TEST(SnapshotStore, ManyReplacementsUnderRunningWorkers) {
  constexpr std::uint32_t kWorkers = 3;
  worker::Quiescence quiescence(kWorkers);
  SnapshotStore store(quiescence);
  store.publish(snapshot(1));
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> mismatches{0};
  std::vector<std::thread> threads;
  for (std::uint32_t index = 0; index < kWorkers; ++index) {
    threads.emplace_back([&, index] {
      Worker worker(quiescence, store, index);
      const Snapshot* held = nullptr;
      while (!stop) {
        worker.loop([&](const Snapshot& current) {
          if (held != nullptr && held->generation >= current.generation) ++mismatches;
          held = &current;
        });
        if (held->http.server_count != held->generation) ++mismatches;
      }
    });
  }
  for (std::uint64_t generation = 2; generation < 5000; ++generation) {
    store.publish(snapshot(generation));
    store.reclaim();
    if (generation % 64 == 0) std::this_thread::yield();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  store.reclaim();
  EXPECT_EQ(store.retired(), 0U);
  EXPECT_EQ(mismatches, 0U);
}

}  // namespace
}  // namespace sluice::control
