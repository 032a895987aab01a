#pragma once

#include <rte_rcu_qsbr.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>

#include "http/settings.h"

namespace sluice::control {

/// A configuration as workers see it: made once, never changed, replaced as a whole.
struct Snapshot {
  std::uint64_t generation = 0;  ///< counts from 1
  http::Settings http;
};

/// Hands snapshots from the control thread to the workers, and frees one when no worker can still
/// look at it. The workers neither wait nor lock.
class SnapshotStore {
 public:
  explicit SnapshotStore(std::uint32_t workers);
  ~SnapshotStore();
  SnapshotStore(const SnapshotStore&) = delete;
  SnapshotStore& operator=(const SnapshotStore&) = delete;

  /// Makes a snapshot the one that counts. Workers adopt it in their next loop.
  void publish(std::unique_ptr<const Snapshot> snapshot);
  /// Frees replaced snapshots that every running worker has left. Called now and then.
  void reclaim();

  /// The one that counts, or nullptr before the first. For the control thread.
  [[nodiscard]] const Snapshot* latest() const { return owned_.get(); }
  /// Replaced ones that are not free yet.
  [[nodiscard]] std::size_t retired() const { return retired_.size(); }

 private:
  friend class SnapshotReader;

  struct FreeAligned {
    void operator()(rte_rcu_qsbr* memory) const;
  };
  struct Retired {
    std::unique_ptr<const Snapshot> snapshot;
    std::uint64_t token;
    int periods_left;
  };

  std::unique_ptr<rte_rcu_qsbr, FreeAligned> grace_;
  std::unique_ptr<const Snapshot> owned_;
  std::atomic<const Snapshot*> current_{nullptr};
  std::deque<Retired> retired_;
};

/// A worker's view of the store. online() and offline() stand at the two ends of its thread.
class SnapshotReader {
 public:
  SnapshotReader(SnapshotStore& store, std::uint32_t worker) : store_(store), worker_(worker) {}

  void online();
  void offline();

  /// Once a loop, with nothing on the stack that looks at a snapshot: calls `adopt(snapshot)` when
  /// there is a new one. Until that returns, the one before is still there.
  template <typename Adopt>
  void begin_loop(Adopt&& adopt) {
    const Snapshot* current = store_.current_.load(std::memory_order_acquire);
    if (current != held_) {
      adopt(*current);
      held_ = current;
    }
    rte_rcu_qsbr_quiescent(store_.grace_.get(), worker_);
  }

 private:
  SnapshotStore& store_;
  std::uint32_t worker_;
  const Snapshot* held_ = nullptr;
};

}  // namespace sluice::control
