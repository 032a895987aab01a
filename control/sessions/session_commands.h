#pragma once

#include "control/admin/command_table.h"
#include "control/engine.h"

namespace sluice::control {

/// Adds `show sess`. `engine` must outlive the table's use.
void add_session_commands(CommandTable& commands, Engine& engine);

}  // namespace sluice::control
