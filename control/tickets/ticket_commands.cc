#include "control/tickets/ticket_commands.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/config/quantity.h"
#include "control/stats/text_table.h"

namespace sluice::control {
namespace {

using Arguments = std::span<const std::string>;
using Added = tls::TicketKeySchedule::Added;
using Retire = std::function<void(std::shared_ptr<const void>)>;

// All frontends share the keys, so there is one set of them.
constexpr std::string_view kId = "0";

std::string origin(const TicketKeeper& tickets) {
  return tickets.file().empty() ? "made by Sluice" : tickets.file();
}

bool names_keys(const TicketKeeper& tickets, std::string_view id) {
  if (id.starts_with('#')) id.remove_prefix(1);
  return id == kId || (!id.empty() && id == tickets.file());
}

Answer unknown_id(std::string_view id) {
  return refusal("there are no keys '" + std::string(id) + "'; 'show tls-keys' lists them");
}

Answer in_either_form(const TextTable& table, bool json) {
  return {json ? table.format_json() : table.format_text()};
}

// Never the keys themselves: whoever has them can read the connections.
TextTable key_table(const tls::TicketKeySchedule& schedule, TicketKeeper::Time now) {
  TextTable table({"id", "name", "use", "accepted_for"});
  std::uint64_t index = 0;
  for (const auto& entry : schedule.entries()) {
    const bool unlimited = entry.accepted_until == tls::TicketKeyRing::kUnlimited;
    const auto left = std::chrono::floor<std::chrono::seconds>(entry.accepted_until - now);
    table.add({std::string(kId) + "." + std::to_string(index), entry.key->name_text(),
               std::string(index < schedule.issuing()    ? "issues next"
                           : index == schedule.issuing() ? "issues"
                                                         : "accepted"),
               unlimited ? "unlimited" : format_duration(std::max(left, std::chrono::seconds(0)))});
    ++index;
  }
  return table;
}

Answer list_sets(const TicketKeeper& tickets, bool json) {
  // HAProxy's form, for scripts that look for the id.
  if (!json) return {"# id (file)\n" + std::string(kId) + " (" + origin(tickets) + ")\n"};
  TextTable table({"id", "file"});
  table.add({std::string(kId), origin(tickets)});
  return {table.format_json()};
}

Answer show_keys(const TicketKeeper& tickets, Arguments arguments) {
  const bool json = !arguments.empty() && arguments.back() == "json";
  if (json) arguments = arguments.first(arguments.size() - 1);
  if (arguments.empty()) return list_sets(tickets, json);
  if (arguments.size() > 1) return refusal("the arguments are: [<id>|*] [json]");
  const std::string& id = arguments.front();
  if (id != "*" && !names_keys(tickets, id)) return unknown_id(id);
  return in_either_form(key_table(tickets.schedule(), std::chrono::steady_clock::now()), json);
}

Answer set_key(TicketKeeper& tickets, const Retire& retire, Arguments arguments) {
  if (arguments.size() != 2) return refusal("the arguments are: <id> <key>");
  if (!names_keys(tickets, arguments[0])) return unknown_id(arguments[0]);
  auto key = tls::TicketKey::from_base64(arguments[1]);
  if (key == nullptr) {
    return refusal(
        "this is no key of 80 (or 48) bytes in base64, as 'openssl rand -base64 -A 80' prints it");
  }
  auto [added, replaced] = tickets.add(std::move(key), std::chrono::steady_clock::now());
  retire(std::move(replaced));
  switch (added) {
    case Added::kKnownBefore:
      return refusal("there is a key of this name already");
    case Added::kIssuing:
      return {"TLS ticket key updated! New tickets have it; Sluice makes no more keys itself.\n"};
    case Added::kNext:
      break;
  }
  return {"TLS ticket key updated! New tickets have it when the next one is set.\n"};
}

}  // namespace

void add_ticket_commands(CommandTable& commands, TicketKeeper& tickets, Retire retire) {
  commands.add("show tls-keys [<id>|*] [json]",
               "where the keys of session tickets are from, or their names and uses",
               [&tickets](Arguments arguments) { return show_keys(tickets, arguments); });
  commands.add(
      "set ssl tls-key <id> <key>", "give session tickets another key, in base64",
      [&tickets, retire = std::move(retire)](Arguments arguments) {
        return set_key(tickets, retire, arguments);
      },
      AdminLevel::kAdmin);
}

}  // namespace sluice::control
