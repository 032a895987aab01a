#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "control/config/difference.h"

namespace sluice::control {

/// What came of a look at the configuration file while Sluice runs.
struct ReloadReport {
  std::string file;
  std::string problems;                   ///< lines: errors, and warnings
  bool usable = false;                    ///< there are no errors
  Differences differences;                ///< of what would run then from what runs
  Differences in_memory;                  ///< of what would run then from the file
  std::vector<std::string> certificates;  ///< the names of those that are new or were changed
  std::chrono::microseconds took{0};

  [[nodiscard]] std::size_t changes() const { return differences.size() + certificates.size(); }
  /// How many of them a running process cannot take over.
  [[nodiscard]] std::size_t refusals() const;
  [[nodiscard]] bool accepted() const { return usable && refusals() == 0; }
};

/// What a reload has done, or why it has done nothing: whole lines, the first a summary.
std::string describe_reload(const ReloadReport& report);
/// What a reload would do.
std::string describe_diff(const ReloadReport& report);
/// Either, for programs.
std::string reload_as_json(const ReloadReport& report);

}  // namespace sluice::control
