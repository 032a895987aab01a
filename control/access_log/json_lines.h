#pragma once

#include <string>

#include "control/access_log/access_line.h"

namespace sluice::control {

/// Adds a line, without its end, that is one JSON object. Times that were not reached, and all
/// that there was not, are left out. Bytes that are no UTF-8 are escaped as the characters of their
/// numbers (\u0080 to \u00ff).
void append_json_line(const AccessLine& line, std::string& into);

/// Adds text as a JSON string, with its quotes.
void append_json_string(std::string_view text, std::string& into);

}  // namespace sluice::control
