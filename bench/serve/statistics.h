#pragma once

#include "dataplane/base/counter.h"

namespace sluice::serve {

/// What one worker of the origin has done. Written by the worker, read by anyone.
struct Statistics {
  Counter connections;   ///< accepted
  Counter open;          ///< now
  Counter requests;      ///< read whole
  Counter responses;     ///< handed to TCP whole
  Counter bad_requests;  ///< answered with 400
  Counter failures;      ///< connections that were reset or gave up
  Counter body_bytes;    ///< of responses
};

}  // namespace sluice::serve
