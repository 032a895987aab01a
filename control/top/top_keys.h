#pragma once

#include <string_view>

#include "control/top/top_screen.h"

namespace sluice::control {

/// Changes the view as keys say, which come as a terminal sends them. `rows`: how many there are;
/// `page`: how many fit. False: the user wants to leave.
bool apply_top_keys(std::string_view keys, std::size_t rows, std::size_t page, TopView& view);

}  // namespace sluice::control
