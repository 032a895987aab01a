#include "control/snapshot.h"

#include <utility>

namespace sluice::control {

void SnapshotStore::publish(std::unique_ptr<const Snapshot> snapshot) {
  current_.store(snapshot.get(), std::memory_order_release);
  owned_.swap(snapshot);
  retired_.add(std::move(snapshot));
}

}  // namespace sluice::control
