#pragma once

#include "dataplane/worker/quiescence.h"

namespace sluice::worker {

/// DPDK's memif driver (22.11 to 24.11) unmaps the rings it shares with a peer as soon as the peer
/// leaves, on EAL's interrupt thread, while a worker may be in the middle of a burst on them. While
/// a guard lives, munmap() on that thread first waits until every worker has come round its loop:
/// later bursts see that the peer is gone. There is one guard at a time. It does nothing in builds
/// with a sanitizer, which has a munmap() of its own.
class UnmappingGuard {
 public:
  /// EAL runs; `workers` outlives the guard.
  explicit UnmappingGuard(Quiescence& workers);
  ~UnmappingGuard();
  UnmappingGuard(const UnmappingGuard&) = delete;
  UnmappingGuard& operator=(const UnmappingGuard&) = delete;
};

}  // namespace sluice::worker
