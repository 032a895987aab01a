#pragma once

#include <functional>
#include <memory>

#include "control/admin/command_table.h"
#include "control/tickets/ticket_keeper.h"

namespace sluice::control {

/// Adds `show tls-keys` and `set ssl tls-key`. `tickets` outlives the table's use; what is replaced
/// goes to `retire`, to be freed when no worker can look at it any more.
void add_ticket_commands(CommandTable& commands, TicketKeeper& tickets,
                         std::function<void(std::shared_ptr<const void>)> retire);

}  // namespace sluice::control
