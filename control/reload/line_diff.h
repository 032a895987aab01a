#pragma once

#include <string>
#include <string_view>

namespace sluice::control {

/// What changes one text into another, as `diff -u` shows it with one line of context; empty when
/// they are alike. For texts that differ in few lines.
std::string line_diff(std::string_view before, std::string_view after);

}  // namespace sluice::control
