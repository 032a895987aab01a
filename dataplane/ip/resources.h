#pragma once

#include "dataplane/base/keyed_hash.h"
#include "dataplane/base/time.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/buffer/packet_pool.h"
#include "dataplane/ip/counters.h"
#include "dataplane/port/link.h"

namespace sluice::ip {

/// What a worker lends to the parts of its IP layer.
struct Resources {
  const Clock& clock;
  TimerWheel& timers;
  PacketPool& pool;
  port::Link& link;
  Counters& counters;
  HashKey key;
};

}  // namespace sluice::ip
