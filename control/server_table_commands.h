#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "control/admin/command_table.h"
#include "control/engine.h"
#include "control/monitor.h"

namespace sluice::control {

/// The weight that the configuration file gives a server; that which it has, if the file has none.
using InitialWeight =
    std::function<std::uint32_t(const std::string& backend, const http::Server& server)>;

/// Adds HAProxy's tables of servers. `monitor` and `engine` outlive the table.
void add_server_table_commands(CommandTable& commands, Monitor& monitor, const Engine& engine,
                               InitialWeight initial_weight);

}  // namespace sluice::control
