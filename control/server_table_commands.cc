#include "control/server_table_commands.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "control/stats/server_tables.h"

namespace sluice::control {
namespace {

using Arguments = std::span<const std::string>;

// Of the servers of the backend that is asked for, or of all.
template <typename Format>
Answer table_of(Monitor& monitor, const Engine& engine, Arguments arguments, Format&& format) {
  if (arguments.size() > 1) return refusal("the only argument there is is: [<backend>]");
  const http::Settings& settings = engine.snapshot().http;
  const std::string backend = arguments.empty() ? std::string() : arguments[0];
  const bool known =
      backend.empty() || std::ranges::any_of(settings.backends, [&](const auto& each) {
        return each != nullptr && each->name == backend;
      });
  if (!known) return refusal("Can't find backend.");
  const std::vector<StatRow> rows = monitor.stat_rows();
  return {format(list_servers(settings, rows, backend))};
}

}  // namespace

void add_server_table_commands(CommandTable& commands, Monitor& monitor, const Engine& engine,
                               InitialWeight initial_weight) {
  commands.add("show backend", "the names of the backends",
               [&engine](Arguments) { return Answer{format_backends(engine.snapshot().http)}; });
  commands.add("show servers state [<backend>]",
               "states, weights and addresses of servers (HAProxy's table, version 1)",
               [&monitor, &engine, weight = std::move(initial_weight)](Arguments arguments) {
                 return table_of(monitor, engine, arguments, [&](const auto& servers) {
                   return format_servers_state(servers, [&](const ListedServer& each) {
                     return weight(each.backend.name, each.server);
                   });
                 });
               });
  commands.add("show servers conn [<backend>]",
               "connections of servers, in use and idle (HAProxy's table)",
               [&monitor, &engine](Arguments arguments) {
                 return table_of(monitor, engine, arguments, [&](const auto& servers) {
                   return format_servers_connections(servers, monitor.http_workers());
                 });
               });
}

}  // namespace sluice::control
