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
};

/// The line of one second: rate, in flight, failures, latencies.
std::string live_line(Mode mode, const Results& now, const Results& before, double seconds);

/// The summary for people, several lines.
std::string summary_text(const Settings& settings, const Outcome& outcome);

/// The same for programs, as a JSON object.
std::string summary_json(const Settings& settings, const Outcome& outcome);

}  // namespace sluice::load
