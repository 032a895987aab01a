#pragma once

#include <cstdint>

#include "dataplane/base/time.h"

namespace sluice::worker {

/// Turns readings of the processor's time-stamp counter into instants, with a multiplication
/// instead of a division. All workers of a process use the same one, so that their instants can
/// be compared.
class TscTimeline {
 public:
  /// `hertz` is the counter's rate, `origin` the reading at which the time line begins.
  TscTimeline(std::uint64_t hertz, std::uint64_t origin)
      : origin_(origin),
        nanoseconds_per_cycle_(static_cast<std::uint64_t>(
            ((Wide{1'000'000'000} << kFractionBits) + hertz / 2) / hertz)) {}

  /// The time line that begins now, with EAL's idea of the rate. EAL runs.
  static TscTimeline starting_now();

  /// A reading before the origin (of another core, by a hair) is the origin.
  [[nodiscard]] Instant at(std::uint64_t reading) const {
    return Instant(reading > origin_ ? length(reading - origin_) : Duration::zero());
  }
  [[nodiscard]] Duration length(std::uint64_t cycles) const {
    return Duration(
        static_cast<std::int64_t>((Wide{cycles} * nanoseconds_per_cycle_) >> kFractionBits));
  }

 private:
  __extension__ using Wide = unsigned __int128;
  static constexpr unsigned kFractionBits = 32;  // an error below 1 ns in a second

  std::uint64_t origin_;
  std::uint64_t nanoseconds_per_cycle_;  // times 2^kFractionBits
};

}  // namespace sluice::worker
