#include "control/snapshot.h"

#include <cstdlib>
#include <new>
#include <utility>

namespace sluice::control {
namespace {

// A worker may load the old pointer, then see the control thread start a grace period, and report
// a quiescent state for it while it still holds the old snapshot; it lets go in its next loop. So
// the loop after the first grace period has to end, too.
constexpr int kGracePeriods = 2;

}  // namespace

void SnapshotStore::FreeAligned::operator()(rte_rcu_qsbr* memory) const {
  std::free(memory);
}

SnapshotStore::SnapshotStore(std::uint32_t workers) {
  const std::size_t size = rte_rcu_qsbr_get_memsize(workers);
  const std::size_t whole = (size + RTE_CACHE_LINE_SIZE - 1) / RTE_CACHE_LINE_SIZE;
  grace_.reset(static_cast<rte_rcu_qsbr*>(
      std::aligned_alloc(RTE_CACHE_LINE_SIZE, whole * RTE_CACHE_LINE_SIZE)));
  if (!grace_ || rte_rcu_qsbr_init(grace_.get(), workers) != 0) throw std::bad_alloc();
  for (std::uint32_t worker = 0; worker < workers; ++worker) {
    rte_rcu_qsbr_thread_register(grace_.get(), worker);
  }
}

SnapshotStore::~SnapshotStore() = default;

void SnapshotStore::publish(std::unique_ptr<const Snapshot> snapshot) {
  current_.store(snapshot.get(), std::memory_order_release);
  owned_.swap(snapshot);
  if (snapshot == nullptr) return;
  retired_.push_back({std::move(snapshot), rte_rcu_qsbr_start(grace_.get()), kGracePeriods});
}

void SnapshotStore::reclaim() {
  while (!retired_.empty()) {
    Retired& oldest = retired_.front();
    if (rte_rcu_qsbr_check(grace_.get(), oldest.token, false) == 0) return;
    if (--oldest.periods_left == 0) {
      retired_.pop_front();
    } else {
      oldest.token = rte_rcu_qsbr_start(grace_.get());
    }
  }
}

void SnapshotReader::online() {
  rte_rcu_qsbr_thread_online(store_.grace_.get(), worker_);
}

void SnapshotReader::offline() {
  rte_rcu_qsbr_thread_offline(store_.grace_.get(), worker_);
}

}  // namespace sluice::control
