#pragma once

#include "control/admin/command_table.h"
#include "control/engine.h"
#include "control/monitor.h"

namespace sluice::control {

/// Adds 'show errors'. `engine` and `monitor` outlive the table.
void add_error_commands(CommandTable& commands, Engine& engine, Monitor& monitor);

}  // namespace sluice::control
