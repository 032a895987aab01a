#pragma once

#include "dataplane/base/time.h"

namespace sluice::worker {

/// What runs above the dataplane on one worker.
class Application {
 public:
  /// Called once in every pass of the worker's loop, before packets and timers: what it begins to
  /// listen on here is there for the first packet.
  virtual void begin_loop(Instant now) = 0;

 protected:
  ~Application() = default;
};

}  // namespace sluice::worker
