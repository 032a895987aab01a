#pragma once

#include <rte_rcu_qsbr.h>

#include <cstdint>

namespace sluice::worker {

/// Knows when every worker has finished the pass of its loop that it was in: what was unpublished
/// before that is then in nobody's hands (RCU by quiescent states).
class Quiescence {
 public:
  /// For workers 0 to `workers` - 1. Throws std::bad_alloc.
  explicit Quiescence(std::uint32_t workers);
  ~Quiescence();
  Quiescence(const Quiescence&) = delete;
  Quiescence& operator=(const Quiescence&) = delete;

  /// For the workers, and for waiting on tokens.
  [[nodiscard]] rte_rcu_qsbr* get() const { return state_; }

  /// Waits until every worker that runs has passed a quiescent state. An adaptive worker that
  /// sleeps takes some milliseconds. Not for workers.
  void wait() { rte_rcu_qsbr_synchronize(state_, RTE_QSBR_THRID_INVALID); }

 private:
  rte_rcu_qsbr* state_;
};

}  // namespace sluice::worker
