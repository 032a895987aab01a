#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "bench/load/outcome.h"
#include "bench/load/settings.h"

namespace sluice::load {

/// A finished load as a JSON object: what --json writes and what the report's page shows.
/// `broken` are the bounds that were, `began` is the time of day.
std::string result_json(const Settings& settings, const Outcome& outcome,
                        const std::vector<std::string>& broken,
                        std::chrono::system_clock::time_point began);

/// The same of a search: the rates that were tried, and the highest good one (0: none).
std::string search_json(const Settings& settings, const std::vector<Trial>& trials, double best,
                        std::chrono::system_clock::time_point began);

}  // namespace sluice::load
