#include "control/tickets/ticket_keeper.h"

#include <chrono>
#include <stdexcept>
#include <utility>

#include "control/log.h"
#include "control/tickets/ticket_key_file.h"

namespace sluice::control {
namespace {

tls::TicketKeySchedule make_schedule(const ProcessConfig& config, TicketKeeper::Time now) {
  const tls::TicketKeySchedule::Settings settings = {.rotation = config.ticket_rotation.value,
                                                     .lifetime = config.ticket_lifetime.value};
  const std::string& file = config.ticket_key_file.value;
  if (file.empty()) return {settings, now};
  return {settings, read_ticket_keys(file).keys};
}

}  // namespace

TicketKeeper::TicketKeeper(const ProcessConfig& config, Time now)
    : file_(config.ticket_key_file.value),
      schedule_(make_schedule(config, now)),
      keys_(schedule_.ring()) {}

TicketKeeper::Replaced TicketKeeper::tend(Time now) {
  try {
    if (!schedule_.advance(now)) return nullptr;
    failing_ = false;
  } catch (const std::runtime_error& fault) {
    if (!failing_) log_error(fault.what());
    failing_ = true;
    return nullptr;
  }
  return keys_.replace(schedule_.ring());
}

TicketKeeper::Addition TicketKeeper::add(std::shared_ptr<const tls::TicketKey> key, Time now) {
  const auto added = schedule_.add(std::move(key), now);
  if (added == tls::TicketKeySchedule::Added::kKnownBefore) return {added, nullptr};
  return {added, keys_.replace(schedule_.ring())};
}

}  // namespace sluice::control
