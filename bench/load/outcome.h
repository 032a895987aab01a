#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/load/results.h"
#include "bench/load/timeline.h"

namespace sluice::load {

/// One finished load: what to say of it.
struct Outcome {
  Results results;               ///< at the end
  Results settled;               ///< when the first second was over: what is a rate begins there
  double seconds = 0;            ///< of the whole load
  double settled_seconds = 0;    ///< of that, behind `settled`
  std::uint64_t unfinished = 0;  ///< connections under way when time was up
  Timeline timeline;

  /// Done a second, once it was under way.
  [[nodiscard]] double rate(Mode mode) const {
    const std::uint64_t done = results.done(mode) - settled.done(mode);
    return settled_seconds > 0 ? static_cast<double>(done) / settled_seconds : 0;
  }
  /// Bits of bodies a second, once it was under way.
  [[nodiscard]] double body_bits() const {
    const std::uint64_t bytes = results.body_bytes - settled.body_bytes;
    return settled_seconds > 0 ? 8 * static_cast<double>(bytes) / settled_seconds : 0;
  }
  /// What, if anything, kept the load tester itself from showing what the server can do.
  [[nodiscard]] std::vector<std::string> own_limits() const;
};

/// One rate of a search for the highest good one.
struct Trial {
  double offered = 0;               ///< a second
  double done = 0;                  ///< a second
  Results results;                  ///< of the trial, its first part left out
  std::vector<std::string> broken;  ///< bounds; empty: a good rate
};

}  // namespace sluice::load
