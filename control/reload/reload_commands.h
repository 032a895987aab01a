#pragma once

#include "control/admin/command_table.h"
#include "control/reload/reloader.h"

namespace sluice::control {

/// Reloads, and tells the log of it.
ReloadReport reload_and_log(Reloader& reloader,
                            Reloader::RunTimeChanges changes = Reloader::RunTimeChanges::kKeep);

/// Adds 'reload', 'diff' and 'save config'. `reloader` outlives the table.
void add_reload_commands(CommandTable& commands, Reloader& reloader);

}  // namespace sluice::control
