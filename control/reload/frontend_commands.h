#pragma once

#include "control/admin/command_table.h"
#include "control/reload/reloader.h"

namespace sluice::control {

/// Adds HAProxy's commands that change frontends while Sluice runs, with its answers. `reloader`
/// outlives the table.
void add_frontend_commands(CommandTable& commands, Reloader& reloader);

}  // namespace sluice::control
