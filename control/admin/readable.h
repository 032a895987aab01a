#pragma once

#include <string>
#include <string_view>

namespace sluice::control {

/// An answer of the admin socket as a terminal shows it best: HAProxy's tables, which are made for
/// programs, as aligned columns, of which `show stat` has the most important ones. Any other answer
/// is left as it is.
std::string readable(std::string_view answer);

}  // namespace sluice::control
