#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "http/counters.h"

namespace sluice::control {

/// Has a copy of counters, taken to be subtracted, leave out what stands for now, not for ever.
inline void leave_out_gauges(http::FrontendCounters& /*counters*/) {}
inline void leave_out_gauges(http::BackendCounters& /*counters*/) {}
inline void leave_out_gauges(http::ServerCounters& counters) {
  counters.last_handshake_failure.set(0);
  counters.idle_current.set(0);
}

/// Where counters stood when they began to count for their present owner, or were cleared: the
/// workers' own count for ever, and nobody else writes them.
template <typename Block>
class CounterBases {
 public:
  /// Counters of an index count from what its blocks, one of each worker, have now. Null blocks
  /// have nothing.
  void take(std::size_t index, const std::vector<const Block*>& blocks) {
    std::vector<Block>& base = bases_[index];
    base.clear();
    for (const Block* block : blocks) {
      base.push_back(block == nullptr ? Block{} : *block);
      leave_out_gauges(base.back());
    }
  }

  /// What to subtract from a worker's block; null: nothing.
  [[nodiscard]] const Block* find(std::size_t index, std::size_t worker) const {
    const auto found = bases_.find(index);
    return found == bases_.end() ? nullptr : &found->second[worker];
  }

 private:
  std::unordered_map<std::size_t, std::vector<Block>> bases_;
};

}  // namespace sluice::control
