#pragma once

#include "control/admin/command_table.h"
#include "control/engine.h"

namespace sluice::control {

/// Adds `shutdown session` and `shutdown sessions server`, which end connections that are open.
void add_shutdown_commands(CommandTable& commands, Engine& engine);

}  // namespace sluice::control
