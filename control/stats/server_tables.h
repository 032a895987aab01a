#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/stats/http_statistics.h"
#include "control/stats/stat_table.h"
#include "http/settings.h"

/// HAProxy 2.6's tables of servers, field by field, for what reads them.
namespace sluice::control {

/// A server with what is said of it.
struct ListedServer {
  const http::Backend& backend;
  const http::Server& server;
  const StatRow& row;
};

/// The servers of one backend, or of all when `backend` is empty, with their rows of `show stat`.
std::vector<ListedServer> list_servers(const http::Settings& settings,
                                       std::span<const StatRow> rows, std::string_view backend);

/// `show servers state`, version 1. `initial_weight` is the one of the configuration file.
std::string format_servers_state(
    std::span<const ListedServer> servers,
    const std::function<std::uint32_t(const ListedServer& server)>& initial_weight);

/// `show servers conn`.
std::string format_servers_connections(std::span<const ListedServer> servers,
                                       const std::vector<HttpCounters>& workers);

/// `show backend`.
std::string format_backends(const http::Settings& settings);

}  // namespace sluice::control
