#pragma once

#include <string>
#include <string_view>

#include "control/config/diagnostics.h"

/// What messages to the operator have in common.
namespace sluice::control {

/// 'text'
inline std::string in_quotes(std::string_view text) {
  return std::string("'").append(text).append("'");
}

/// " (line 7)": where the other one stands.
inline std::string on_line(Position at) {
  return std::string(" (line ").append(std::to_string(at.line)).append(")");
}

}  // namespace sluice::control
