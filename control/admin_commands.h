#pragma once

#include "control/admin/command_table.h"
#include "control/monitor.h"

namespace sluice::control {

/// Adds everything that the admin socket of a running Sluice can be asked. `monitor` outlives the
/// table.
void add_admin_commands(CommandTable& commands, Monitor& monitor);

}  // namespace sluice::control
