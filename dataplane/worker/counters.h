#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "dataplane/base/counter.h"

namespace sluice::worker {

/// How many packets a receive burst held, in powers of two: [0] one, [1] two or three, ... [6] 64.
struct BurstHistogram {
  std::array<Counter, 7> buckets;

  void add(std::size_t packets) {
    const auto log2 = static_cast<std::size_t>(std::bit_width(packets)) - 1;
    buckets[log2 < buckets.size() ? log2 : buckets.size() - 1].add();
  }
};

/// How a worker spends its time. Written by the worker, read by anyone.
struct Counters {
  Counter loops;        ///< passes of the loop
  Counter busy_cycles;  ///< TSC cycles in passes that found something to do
  Counter idle_cycles;  ///< all others, sleep included
  Counter sleeps;
  Counter timers_fired;
  Counter messages;       ///< passes that found something in the mailbox
  BurstHistogram bursts;  ///< of the worker's own queues and of what others handed over
};

}  // namespace sluice::worker
