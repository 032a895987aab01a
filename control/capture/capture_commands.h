#pragma once

#include "control/admin/command_table.h"
#include "control/engine.h"

namespace sluice::control {

/// Adds `capture`, whose answer is a pcapng file. `engine` must outlive the table's use.
void add_capture_commands(CommandTable& commands, Engine& engine);

}  // namespace sluice::control
