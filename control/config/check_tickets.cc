#include <stdexcept>
#include <string>

#include "control/config/checks.h"
#include "control/tickets/ticket_key_file.h"
#include "tls/server/ticket_key_schedule.h"

namespace sluice::control {

void check_ticket_times(const Config& config, Diagnostics& problems) {
  const ProcessConfig& process = config.process;
  const Duration rotation = process.ticket_rotation.value;
  const Duration lifetime = process.ticket_lifetime.value;
  if (!process.ticket_key_file.value.empty()) {
    if (process.ticket_rotation.at.line == 0) return;
    problems.error(process.ticket_rotation.at,
                   "'tls.ticket_rotation' has no meaning with 'tls.ticket_key_file': the keys are "
                   "replaced by whoever writes the file");
    return;
  }
  // The one of the two that was given, if it was only one.
  const Position at = process.ticket_lifetime.at.line != 0 ? process.ticket_lifetime.at
                                                           : process.ticket_rotation.at;
  if (lifetime <= rotation) {
    problems.error(at,
                   "'tls.ticket_lifetime' must be longer than 'tls.ticket_rotation': a ticket that "
                   "was issued just before a new key would be of no use");
  } else if (lifetime > rotation * (tls::TicketKeySchedule::kMostKeys - 1)) {
    problems.error(at, "'tls.ticket_lifetime' is more than " +
                           std::to_string(tls::TicketKeySchedule::kMostKeys - 1) +
                           " times 'tls.ticket_rotation': too many keys would be kept");
  }
}

void check_ticket_keys(const Config& config, Diagnostics& problems) {
  const Located<std::string>& file = config.process.ticket_key_file;
  if (file.value.empty()) return;
  try {
    if (read_ticket_keys(file.value).open_to_all) {
      problems.warning(file.at, "every user of this machine can read the ticket keys in '" +
                                    file.value + "', and so the connections: 'chmod 600' it");
    }
  } catch (const std::runtime_error& fault) {
    problems.error(file.at, fault.what());
  }
}

}  // namespace sluice::control
