#include "control/reload/frontend_commands.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "control/admin/arguments.h"
#include "control/log.h"

namespace sluice::control {
namespace {

using Arguments = std::span<const std::string>;

constexpr std::uint32_t kMostConnections = 16777216;

FrontendConfig& frontend_in(Config& config, Arguments arguments) {
  if (arguments.size() != 1) throw std::runtime_error("A frontend name is expected.");
  const auto found = std::ranges::find_if(config.frontends, [&](const FrontendConfig& each) {
    return each.name.value == arguments[0];
  });
  if (found == config.frontends.end()) throw std::runtime_error("No such frontend.");
  return *found;
}

std::string enable(Reloader& reloader, Arguments arguments, bool enabled) {
  const std::string word = enabled ? "enabled" : "disabled";
  reloader.change([&](Config& config) {
    FrontendConfig& frontend = frontend_in(config, arguments);
    if (frontend.enabled == enabled) {
      throw std::runtime_error("All sockets are already " + word + ".");
    }
    frontend.enabled = enabled;
  });
  log_info("frontend " + arguments[0] + ": " + word + ", by command");
  return {};
}

std::string set_limit(Reloader& reloader, Arguments arguments) {
  const auto limit =
      arguments.size() == 2 ? parse_number(arguments[1], 0, kMostConnections) : std::nullopt;
  if (!limit) throw std::runtime_error("Integer value expected, from 0 to 16777216.");
  reloader.change([&](Config& config) {
    frontend_in(config, arguments.first(1)).connection_limit = static_cast<std::uint32_t>(*limit);
  });
  log_info("frontend " + arguments[0] + ": maxconn " + arguments[1] + ", by command");
  return {};
}

}  // namespace

void add_frontend_commands(CommandTable& commands, Reloader& reloader) {
  commands.add(
      "enable frontend <frontend>", "listen again",
      [&reloader](Arguments arguments) {
        return answer_of([&] { return enable(reloader, arguments, true); });
      },
      AdminLevel::kAdmin);
  commands.add(
      "disable frontend <frontend>", "take no new connections; those that are there go on",
      [&reloader](Arguments arguments) {
        return answer_of([&] { return enable(reloader, arguments, false); });
      },
      AdminLevel::kAdmin);
  commands.add(
      "set maxconn frontend <frontend> <limit>", "clients' connections at once; 0: no limit",
      [&reloader](Arguments arguments) {
        return answer_of([&] { return set_limit(reloader, arguments); });
      },
      AdminLevel::kAdmin);
}

}  // namespace sluice::control
