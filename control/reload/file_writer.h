#pragma once

#include <string>
#include <string_view>

#include "control/config/config.h"

namespace sluice::control {

/// Writes the run-time changes of `runs` into the text that `file` was read from, and touches
/// nothing else: what is not changed keeps its form, its place and its comments. The result has
/// been read back, and says what runs. Throws std::runtime_error when that cannot be done.
std::string with_changes_written(std::string_view text, const Config& file, const Config& runs);

}  // namespace sluice::control
