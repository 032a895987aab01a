#pragma once

#include "control/config/config.h"

namespace sluice::control {

/// What operators may change while Sluice runs, beside the file: servers come and go and have
/// other weights, states, limits and addresses; frontends are enabled and disabled and have other
/// limits. The changes are what differs between the file as it was read, `former`, and what `runs`.
///
/// Makes `file`, which is to take the place of `former`, what is to run then: with the changes
/// whose object it still has. Where the file itself has another value than it had, that counts.
Config with_run_time_changes(const Config& former, const Config& runs, Config file);

}  // namespace sluice::control
