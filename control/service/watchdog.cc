#include "control/service/watchdog.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace sluice::control {

bool Watchdog::look(Clock::time_point now, std::vector<std::uint64_t> passes) {
  next_ = now + patience_.value_or(std::chrono::microseconds(0)) / 2;
  const std::vector<std::uint64_t> before = std::exchange(passes_, std::move(passes));
  return before.empty() ||
         std::ranges::equal(before, passes_, [](auto then, auto since) { return since > then; });
}

}  // namespace sluice::control
