#pragma once

#include <cstddef>

#include "dataplane/base/time.h"

namespace sluice::worker {

/// What runs above the dataplane on one worker.
class Application {
 public:
  /// Called once in every pass of the worker's loop, before packets and timers: what it begins to
  /// listen on here is there for the first packet.
  virtual void begin_loop(Instant now) = 0;

  /// Called once in every pass, after packets and timers and before what they led to is sent: for
  /// work that is rationed. Returns how much was done; a worker without any may rest.
  virtual std::size_t do_rationed_work(Instant /*now*/) { return 0; }

 protected:
  ~Application() = default;
};

}  // namespace sluice::worker
