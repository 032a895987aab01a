#pragma once

#include <string>

#include "bench/load/outcome.h"
#include "bench/load/settings.h"

namespace sluice::load {

/// The line of one trial.
std::string trial_line(const Trial& trial);
/// The line of one moment: rate, in flight, failures, latencies.
std::string live_line(const Moment& moment);

/// The summary of a finished load for people, several lines.
std::string summary_text(const Settings& settings, const Outcome& outcome);

}  // namespace sluice::load
