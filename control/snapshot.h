#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "control/retirement.h"
#include "dataplane/worker/quiescence.h"
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
  /// `quiescence` is told by every worker once a loop; it outlives the store.
  explicit SnapshotStore(worker::Quiescence& quiescence) : retired_(quiescence) {}
  SnapshotStore(const SnapshotStore&) = delete;
  SnapshotStore& operator=(const SnapshotStore&) = delete;

  /// Makes a snapshot the one that counts. Workers adopt it in their next loop.
  void publish(std::unique_ptr<const Snapshot> snapshot);
  /// Frees replaced snapshots that every running worker has left. Called now and then.
  void reclaim() { retired_.reclaim(); }

  /// The one that counts, or nullptr before the first. For the control thread.
  [[nodiscard]] const Snapshot* latest() const { return owned_.get(); }
  /// Replaced ones that are not free yet.
  [[nodiscard]] std::size_t retired() const { return retired_.size(); }

 private:
  friend class SnapshotReader;

  std::unique_ptr<const Snapshot> owned_;
  std::atomic<const Snapshot*> current_{nullptr};
  Retirement retired_;
};

/// A worker's view of the store.
class SnapshotReader {
 public:
  explicit SnapshotReader(SnapshotStore& store) : store_(store) {}

  /// Once a loop, between two reports of a quiescent state: calls `adopt(snapshot)` when there is a
  /// new one. Until that returns, the one before is still there.
  template <typename Adopt>
  void begin_loop(Adopt&& adopt) {
    const Snapshot* current = store_.current_.load(std::memory_order_acquire);
    if (current == held_) return;
    adopt(*current);
    held_ = current;
  }

 private:
  SnapshotStore& store_;
  const Snapshot* held_ = nullptr;
};

}  // namespace sluice::control
