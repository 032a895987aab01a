#pragma once

#include <chrono>
#include <string>

#include "bench/load/results.h"
#include "bench/load/settings.h"

namespace sluice::load {

/// One finished load: what to say of it.
struct Outcome {
  Results results;               ///< at the end
  Results settled;               ///< when the first second was over: what is a rate begins there
  double seconds = 0;            ///< of the whole load
  double settled_seconds = 0;    ///< of that, behind `settled`
  std::uint64_t unfinished = 0;  ///< connections under way when time was up

  /// Done a second, once it was under way.
  [[nodiscard]] double rate(Mode mode) const {
    const std::uint64_t done = results.done(mode) - settled.done(mode);
    return settled_seconds > 0 ? static_cast<double>(done) / settled_seconds : 0;
  }
};

/// One rate of a search for the highest good one.
struct Trial {
  double offered = 0;               ///< a second
  double done = 0;                  ///< a second
  Results results;                  ///< of the trial, its first part left out
  std::vector<std::string> broken;  ///< bounds; empty: a good rate
};

/// The line of one trial.
std::string trial_line(const Trial& trial);
/// The curve and its result, as a JSON object.
std::string search_json(const std::vector<Trial>& trials, double best);

/// The line of one second: rate, in flight, failures, latencies.
std::string live_line(Mode mode, const Results& now, const Results& before, double seconds);

/// The summary for people, several lines.
std::string summary_text(const Settings& settings, const Outcome& outcome);

/// The same for programs, as a JSON object.
std::string summary_json(const Settings& settings, const Outcome& outcome);

}  // namespace sluice::load
