#include "control/snapshot.h"

#include <gtest/gtest.h>

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

TEST(SnapshotStore, IsAdoptedOnceInTheNextLoop) {
  SnapshotStore store(1);
  store.publish(snapshot(1));
  SnapshotReader reader(store, 0);
  reader.online();
  std::vector<std::uint64_t> adopted;
  auto loop = [&] {
    reader.begin_loop([&](const Snapshot& current) { adopted.push_back(current.generation); });
  };
  loop();
  loop();
  store.publish(snapshot(2));
  loop();
  loop();
  EXPECT_EQ(adopted, (std::vector<std::uint64_t>{1, 2}));
}

TEST(SnapshotStore, KeepsAReplacedOneWhileAWorkerMayHoldIt) {
  SnapshotStore store(2);
  store.publish(snapshot(1));
  SnapshotReader first(store, 0);
  SnapshotReader second(store, 1);
  first.online();
  second.online();
  auto ignore = [](const Snapshot&) {};
  first.begin_loop(ignore);
  second.begin_loop(ignore);
  store.publish(snapshot(2));
  for (int loop = 0; loop < 5; ++loop) {
    first.begin_loop(ignore);
    store.reclaim();
    EXPECT_EQ(store.retired(), 1U) << "the second worker has not looped";
  }
  for (int loop = 0; loop < 2; ++loop) {
    first.begin_loop(ignore);
    second.begin_loop(ignore);
    store.reclaim();
  }
  EXPECT_EQ(store.retired(), 0U);
}

TEST(SnapshotStore, DoesNotWaitForAWorkerThatIsNotRunning) {
  SnapshotStore store(2);
  store.publish(snapshot(1));
  SnapshotReader stopped(store, 1);
  stopped.online();
  stopped.offline();
  store.publish(snapshot(2));
  store.reclaim();
  EXPECT_EQ(store.retired(), 0U);
}

// Under a sanitizer this fails when a snapshot is freed too early.
TEST(SnapshotStore, ManyReplacementsUnderRunningWorkers) {
  constexpr std::uint32_t kWorkers = 3;
  SnapshotStore store(kWorkers);
  store.publish(snapshot(1));
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> mismatches{0};
  std::vector<std::thread> workers;
  for (std::uint32_t worker = 0; worker < kWorkers; ++worker) {
    workers.emplace_back([&, worker] {
      SnapshotReader reader(store, worker);
      reader.online();
      const Snapshot* held = nullptr;
      while (!stop) {
        reader.begin_loop([&](const Snapshot& current) {
          if (held != nullptr && held->generation >= current.generation) ++mismatches;
          held = &current;
        });
        if (held->http.server_count != held->generation) ++mismatches;
      }
      reader.offline();
    });
  }
  for (std::uint64_t generation = 2; generation < 5000; ++generation) {
    store.publish(snapshot(generation));
    store.reclaim();
    if (generation % 64 == 0) std::this_thread::yield();
  }
  stop = true;
  for (std::thread& worker : workers) worker.join();
  store.reclaim();
  EXPECT_EQ(store.retired(), 0U);
  EXPECT_EQ(mismatches, 0U);
}

}  // namespace
}  // namespace sluice::control
