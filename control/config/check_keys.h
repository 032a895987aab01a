#pragma once

#include "control/config/config.h"
#include "control/config/section.h"

namespace sluice::control {

/// check.* of a [[backend]]: how its servers prove that they are fit.
void add_check_keys(Section<BackendConfig>& section);

}  // namespace sluice::control
