#include "control/stats/server_tables.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <utility>

namespace sluice::control {
namespace {

constexpr std::string_view kStateFields =
    "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight "
    "srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health "
    "srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord "
    "srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n";

std::uint64_t number(const StatRow& row, std::string_view column) {
  const auto& figure = row.at(stat_column(column));
  const auto* value = figure ? std::get_if<std::uint64_t>(&*figure) : nullptr;
  return value == nullptr ? 0 : *value;
}

std::string text(const StatRow& row, std::string_view column) {
  const auto& figure = row.at(stat_column(column));
  const auto* value = figure ? std::get_if<std::string>(&*figure) : nullptr;
  return value == nullptr ? std::string() : *value;
}

bool is_down(const std::string& status) {
  return status.starts_with("DOWN") || status == "MAINT" || status == "NOLB";
}

// SRV_ST_STOPPED, SRV_ST_RUNNING
unsigned operational_state(const StatRow& row) {
  return is_down(row.status()) ? 0 : 2;
}

// SRV_ADMF_FMAINT, SRV_ADMF_FDRAIN
unsigned administrative_state(http::ServerMode mode) {
  if (mode == http::ServerMode::kMaint) return 1;
  return mode == http::ServerMode::kDrain ? 8 : 0;
}

// HAProxy's numbers for what a check found (its HCHK_STATUS_*).
constexpr std::array<std::pair<std::string_view, unsigned>, 11> kCheckStatuses{{
    {"L4OK", 6},
    {"L4TOUT", 7},
    {"L4CON", 8},
    {"L6OK", 9},
    {"L6TOUT", 10},
    {"L6RSP", 11},
    {"L7TOUT", 12},
    {"L7RSP", 13},
    {"L7OK", 16},
    {"L7STS", 17},
    {"SOCKERR", 5},
}};

unsigned check_status(std::string_view code) {
  constexpr unsigned kInitializing = 1;
  const auto found = std::ranges::find(kCheckStatuses, code, [](auto& each) { return each.first; });
  return found == kCheckStatuses.end() ? kInitializing : found->second;
}

// CHK_RES_UNKNOWN, CHK_RES_FAILED, CHK_RES_PASSED
unsigned check_result(std::string_view code) {
  if (code.empty() || code == "INI") return 0;
  return code.ends_with("OK") ? 3 : 2;
}

// Status, result, health and state of the checks; the state is CHK_ST_CONFIGURED | CHK_ST_ENABLED,
// with CHK_ST_PAUSED while they rest.
std::string check_fields(const ListedServer& server) {
  if (!server.backend.check.active()) return "1 0 2 0";  // HAProxy has health at rise, which is 2
  const std::string code = text(server.row, "check_status");
  const bool rest = server.server.mode == http::ServerMode::kMaint;
  return std::to_string(check_status(code)) + " " + std::to_string(check_result(code)) + " " +
         std::to_string(number(server.row, "check_health")) + (rest ? " 14" : " 6");
}

void append(std::string& line, const std::string& field) {
  line += (line.empty() ? "" : " ") + field;
}

}  // namespace

std::vector<ListedServer> list_servers(const http::Settings& settings,
                                       std::span<const StatRow> rows, std::string_view backend) {
  std::map<std::uint64_t, const StatRow*> by_id;
  for (const StatRow& row : rows) {
    if (row.kind() == RowKind::kServer) by_id.emplace(row.service_id(), &row);
  }
  std::vector<ListedServer> servers;
  for (const auto& each : settings.backends) {
    if (each == nullptr || (!backend.empty() && each->name != backend)) continue;
    for (const http::Server& server : each->servers) {
      const auto row = by_id.find(server.id.value() + 1);
      if (row != by_id.end()) servers.push_back({*each, server, *row->second});
    }
  }
  return servers;
}

std::string format_servers_state(
    std::span<const ListedServer> servers,
    const std::function<std::uint32_t(const ListedServer& server)>& initial_weight) {
  std::string text = "1\n" + std::string(kStateFields);
  for (const ListedServer& each : servers) {
    const StatRow& row = each.row;
    std::string line;
    append(line, std::to_string(row.proxy_id()));
    append(line, each.backend.name);
    append(line, std::to_string(row.service_id()));
    append(line, each.server.name);
    append(line, each.server.address.address.to_string());
    append(line, std::to_string(operational_state(row)));
    append(line, std::to_string(administrative_state(each.server.mode)));
    append(line, std::to_string(each.server.weight));
    append(line, std::to_string(initial_weight(each)));
    append(line, std::to_string(number(row, "lastchg")));
    append(line, check_fields(each));
    line += " 0 0 0 -";  // no agent, no ids or names of the operator's choice
    append(line, std::to_string(each.server.address.port));
    line += each.backend.tls_contexts.empty() ? " - 0" : " - 1";
    text += line + " 0 - - 0\n";
  }
  return text;
}

std::string format_servers_connections(std::span<const ListedServer> servers,
                                       const std::vector<HttpCounters>& workers) {
  std::string text =
      "# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb "
      "safe_nb idle_lim idle_cur idle_per_thr[" +
      std::to_string(workers.size()) + "]\n";
  for (const ListedServer& each : servers) {
    using std::chrono::milliseconds;
    const auto delay = std::chrono::duration_cast<milliseconds>(each.backend.timeouts.keep_alive);
    std::string line;
    append(line, each.backend.name + "/" + each.server.name);
    append(line, std::to_string(each.row.proxy_id()) + "/" + std::to_string(each.row.service_id()));
    append(line, each.server.address.address.to_string());
    append(line, std::to_string(each.server.address.port));
    append(line, "- " + std::to_string(delay.count()));
    append(line, std::to_string(number(each.row, "scur")));
    append(line, std::to_string(number(each.row, "smax")));
    append(line, "0 0 " + std::to_string(number(each.row, "idle_conn_cur")));
    append(line, std::to_string(each.backend.pool_connections * workers.size()));
    append(line, std::to_string(number(each.row, "idle_conn_cur")));
    for (const HttpCounters& worker : workers) {
      const http::ServerCounters* counters = worker.servers.find(each.server.id.index());
      append(line, std::to_string(counters == nullptr ? 0 : counters->idle_current.get()));
    }
    text += line + "\n";
  }
  return text;
}

std::string format_backends(const http::Settings& settings) {
  std::string text = "# name\n";
  for (const auto& backend : settings.backends) {
    if (backend != nullptr) text += backend->name + "\n";
  }
  return text;
}

}  // namespace sluice::control
