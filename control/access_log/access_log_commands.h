#pragma once

#include "control/admin/command_table.h"
#include "control/engine.h"

namespace sluice::control {

/// `reopen logs`. Both outlive the commands.
void add_access_log_commands(CommandTable& commands, const Engine& engine);

}  // namespace sluice::control
