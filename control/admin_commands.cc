#include "control/admin_commands.h"

#include <string>
#include <vector>

#include "control/admin/session.h"
#include "control/version.h"

namespace sluice::control {
namespace {

using Arguments = std::span<const std::string>;

Answer in_either_form(const TextTable& table, bool json) {
  return {json ? table.format_json() : table.format_text()};
}

// A command whose only argument may be "json".
CommandTable::Handler table_command(std::function<TextTable()> make) {
  return [make = std::move(make)](Arguments arguments) {
    const bool json = !arguments.empty() && arguments[0] == "json";
    if (arguments.size() > (json ? 1U : 0U)) return refusal("the only argument there is is 'json'");
    return in_either_form(make(), json);
  };
}

Answer show_info(const Monitor& monitor, Arguments arguments) {
  if (arguments.empty()) return {monitor.info().format_text()};
  if (arguments.size() == 1 && arguments[0] == "json") return {monitor.info().format_json()};
  return refusal("the only argument there is is 'json'");
}

Answer show_stat(Monitor& monitor, Arguments arguments) {
  const auto request = StatRequest::parse(arguments);
  if (!request) {
    return refusal(
        "the arguments are: [{<iid>|<proxy>} <type> <sid>] [json] [up], with -1 for any and the "
        "types 1 (frontends), 2 (backends) and 4 (servers)");
  }
  const std::vector<StatRow> rows = monitor.stat_rows();
  return {request->json ? format_json(rows, *request) : format_csv(rows, *request)};
}

Answer show_counters(const Monitor& monitor, Arguments arguments) {
  std::string prefix;
  bool json = false;
  bool nonzero = false;
  for (const std::string& word : arguments) {
    if (word == "json") {
      json = true;
    } else if (word == "nonzero") {
      nonzero = true;
    } else if (prefix.empty()) {
      prefix = word;
    } else {
      return refusal("the arguments are: [<beginning of the name>] [nonzero] [json]");
    }
  }
  return in_either_form(monitor.counters(prefix, nonzero), json);
}

Answer clear(Monitor& monitor, Arguments arguments, HttpStatistics::Clear what) {
  if (!arguments.empty()) return refusal("the only argument there is is 'all'");
  monitor.clear(what);
  return {};
}

}  // namespace

void add_admin_commands(CommandTable& commands, Monitor& monitor) {
  describe_session_commands(commands);
  commands.add("show info [json]", "what the process does as a whole",
               [&monitor](Arguments arguments) { return show_info(monitor, arguments); });
  commands.add("show stat [{<iid>|<proxy>} <type> <sid>] [json] [up]",
               "figures of each frontend, backend and server (HAProxy's CSV or JSON)",
               [&monitor](Arguments arguments) { return show_stat(monitor, arguments); });
  commands.add("show workers [json]", "load, traffic, connections and buffers of each worker",
               table_command([&monitor] { return monitor.workers(); }));
  commands.add("show ports [json]", "link and traffic of each port",
               table_command([&monitor] { return monitor.ports(); }));
  commands.add("show tls [json]",
               "handshakes with clients: cipher suites, times in microseconds, reasons of failures",
               table_command([&monitor] { return monitor.tls(); }));
  commands.add(
      "show latency [json]",
      "percentiles of handshakes, and of each backend's queue, connect, response and total "
      "times, in microseconds",
      table_command([&monitor] { return latency_table(monitor.latencies()); }));
  commands.add("show interfaces [json]", "addresses of each interface",
               table_command([&monitor] { return monitor.interfaces(); }));
  commands.add("show counters [<prefix>] [nonzero] [json]", "every counter of every layer",
               [&monitor](Arguments arguments) { return show_counters(monitor, arguments); });
  commands.add("show activity [<prefix>]",
               "every counter that is not 0: the sum, and each worker's in brackets",
               [&monitor](Arguments arguments) {
                 if (arguments.size() > 1) return refusal("the argument is: [<prefix>]");
                 return Answer{monitor.activity(arguments.empty() ? std::string() : arguments[0])};
               });
  commands.add(
      "clear counters", "have the maxima of 'show stat' and 'show info' count from now on",
      [&monitor](Arguments arguments) {
        return clear(monitor, arguments, HttpStatistics::Clear::kMaxima);
      },
      AdminLevel::kOperator);
  commands.add(
      "clear counters all", "have everything in 'show stat' count from now on",
      [&monitor](Arguments arguments) {
        return clear(monitor, arguments, HttpStatistics::Clear::kAll);
      },
      AdminLevel::kAdmin);
  commands.add("show version", "the program's version",
               [](Arguments) { return Answer{std::string(kVersion) + "\n"}; });
}

}  // namespace sluice::control
