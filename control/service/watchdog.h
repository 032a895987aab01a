#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace sluice::control {

/// Decides when the service manager is given a sign of life: twice in the time that it waits for
/// one, and only while every worker has come round since the last look. What hangs, be it the
/// control thread or a worker, ends the signs.
class Watchdog {
 public:
  using Clock = std::chrono::steady_clock;

  /// `patience`: how long the service manager waits; nothing: not at all.
  explicit Watchdog(std::optional<std::chrono::microseconds> patience) : patience_(patience) {}

  /// Whether it is time to look.
  [[nodiscard]] bool due(Clock::time_point now) const { return patience_ && now >= next_; }
  /// Looks at the passes of the loop that each worker has made so far. Returns whether to give a
  /// sign. The first time there is nothing to compare them with, and it is given.
  [[nodiscard]] bool look(Clock::time_point now, std::vector<std::uint64_t> passes);

 private:
  std::optional<std::chrono::microseconds> patience_;
  Clock::time_point next_;
  std::vector<std::uint64_t> passes_;
};

}  // namespace sluice::control
