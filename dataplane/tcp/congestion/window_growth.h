#pragma once

#include <cstdint>

#include "dataplane/base/time.h"

namespace sluice::tcp {

/// What an ACK tells congestion avoidance.
struct WindowGrowth {
  std::uint32_t acknowledged = 0;  ///< bytes
  std::uint32_t segment_size = 0;  ///< bytes
  Instant now{};
  Duration round_trip{};  ///< smoothed
};

}  // namespace sluice::tcp
