#pragma once

#include <functional>
#include <string>

#include "control/admin/command_table.h"
#include "control/reload/reloader.h"

namespace sluice::control {

/// Whether the workers still have something of a server: requests, or idle connections.
using ServerInUse = std::function<bool(const std::string& backend, const std::string& server)>;

/// Adds HAProxy's commands that change servers while Sluice runs, with its answers. `reloader`
/// outlives the table.
void add_server_commands(CommandTable& commands, Reloader& reloader, ServerInUse in_use);

}  // namespace sluice::control
