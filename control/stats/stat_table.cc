#include "control/stats/stat_table.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace sluice::control {

const std::array<StatColumn, 128> kStatColumns{{
    {"pxname", FigureTags{"Key", "Name", "Service", "str"}},
    {"svname", FigureTags{"Key", "Name", "Service", "str"}},
    {"qcur", kGaugeTags},
    {"qmax", kMaximumTags},
    {"scur", kGaugeTags},
    {"smax", kMaximumTags},
    {"slim", kLimitTags},
    {"stot"},
    {"bin"},
    {"bout"},
    {"dreq"},
    {"dresp"},
    {"ereq"},
    {"econ"},
    {"eresp"},
    {"wretr"},
    {"wredis"},
    {"status", FigureTags{"Status", "Gauge", "Process", "str"}},
    {"weight", kAverageTags},
    {"act", FigureTags{"Status", "Gauge", "Process", "u32"}},
    {"bck", FigureTags{"Status", "Gauge", "Process", "u32"}},
    {"chkfail"},
    {"chkdown"},
    {"lastchg", FigureTags{"Metric", "Age", "Process", "u32"}},
    {"downtime", FigureTags{"Metric", "Counter", "Process", "u32"}},
    {"qlimit", kLimitTags},
    {"pid", FigureTags{"Key", "Gauge", "Process", "u32"}},
    {"iid", FigureTags{"Key", "Gauge", "Service", "u32"}},
    {"sid", FigureTags{"Key", "Gauge", "Service", "u32"}},
    {"throttle", kAverageTags},
    {"lbtot"},
    {"tracked", kSettingTextTags},
    {"type", kSettingTags},
    {"rate", kRateTags},
    {"rate_lim", kLimitTags},
    {"rate_max", kMaximumTags},
    {"check_status", kTextTags},
    {"check_code", kGaugeTags},
    {"check_duration", FigureTags{"Metric", "Duration", "Process", "u64"}},
    {"hrsp_1xx"},
    {"hrsp_2xx"},
    {"hrsp_3xx"},
    {"hrsp_4xx"},
    {"hrsp_5xx"},
    {"hrsp_other"},
    {"hanafail", kTextTags},
    {"req_rate", kRateTags},
    {"req_rate_max", kMaximumTags},
    {"req_tot"},
    {"cli_abrt"},
    {"srv_abrt"},
    {"comp_in"},
    {"comp_out"},
    {"comp_byp"},
    {"comp_rsp"},
    {"lastsess", FigureTags{"Metric", "Age", "Process", "s32"}},
    {"last_chk", kTextTags},
    {"last_agt", kTextTags},
    {"qtime", kAverageTags},
    {"ctime", kAverageTags},
    {"rtime", kAverageTags},
    {"ttime", kAverageTags},
    {"agent_status", kTextTags},
    {"agent_code", kGaugeTags},
    {"agent_duration"},
    {"check_desc", kTextTags},
    {"agent_desc", kTextTags},
    {"check_rise", kSettingTags},
    {"check_fall", kSettingTags},
    {"check_health", kSettingTags},
    {"agent_rise", kSettingTags},
    {"agent_fall", kSettingTags},
    {"agent_health", kSettingTags},
    {"addr", kSettingTextTags},
    {"cookie", kSettingTextTags},
    {"mode", kSettingTextTags},
    {"algo", kSettingTextTags},
    {"conn_rate", kRateTags},
    {"conn_rate_max", kMaximumTags},
    {"conn_tot"},
    {"intercepted"},
    {"dcon"},
    {"dses"},
    {"wrew"},
    {"connect"},
    {"reuse"},
    {"cache_lookups"},
    {"cache_hits"},
    {"srv_icur", kGaugeTags},
    {"src_ilim", kLimitTags},
    {"qtime_max", kMaximumTags},
    {"ctime_max", kMaximumTags},
    {"rtime_max", kMaximumTags},
    {"ttime_max", kMaximumTags},
    {"eint"},
    {"idle_conn_cur", kGaugeTags},
    {"safe_conn_cur", kGaugeTags},
    {"used_conn_cur", kGaugeTags},
    {"need_conn_est", kGaugeTags},
    {"uweight", kAverageTags},
    {"agg_server_status", kGaugeTags},
    {"agg_server_check_status", kGaugeTags},
    {"agg_check_status", kGaugeTags},
    {"-", kTextTags},
    {"ssl_sess"},
    {"ssl_reused_sess"},
    {"ssl_failed_handshake"},
    {"h2_headers_rcvd"},
    {"h2_data_rcvd"},
    {"h2_settings_rcvd"},
    {"h2_rst_stream_rcvd"},
    {"h2_goaway_rcvd"},
    {"h2_detected_conn_protocol_errors"},
    {"h2_detected_strm_protocol_errors"},
    {"h2_rst_stream_resp"},
    {"h2_goaway_resp"},
    {"h2_open_connections", FigureTags{"Metric", "Gauge", "Process", "u64"}},
    {"h2_backend_open_streams", FigureTags{"Metric", "Gauge", "Process", "u64"}},
    {"h2_total_connections"},
    {"h2_backend_total_streams"},
    {"h1_open_connections", FigureTags{"Metric", "Gauge", "Process", "u64"}},
    {"h1_open_streams", FigureTags{"Metric", "Gauge", "Process", "u64"}},
    {"h1_total_connections"},
    {"h1_total_streams"},
    {"h1_bytes_in"},
    {"h1_bytes_out"},
    {"h1_spliced_bytes_in"},
    {"h1_spliced_bytes_out"},
}};

namespace {

constexpr std::string_view kSeparator = "-";

constexpr std::string_view kKindNames[] = {"Frontend", "Backend", "Server"};

bool parse_number(const std::string& text, std::int64_t& into) {
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, into);
  return error == std::errc{} && rest == end;
}

std::string in_csv(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c);
  return result + '"';
}

std::string to_text(const Figure& figure) {
  struct Text {
    std::string operator()(std::uint64_t value) const { return std::to_string(value); }
    std::string operator()(std::int64_t value) const { return std::to_string(value); }
    std::string operator()(const std::string& value) const { return in_csv(value); }
  };
  return std::visit(Text{}, figure);
}

nlohmann::ordered_json to_json(const Figure& figure) {
  return std::visit([](const auto& value) { return nlohmann::ordered_json(value); }, figure);
}

nlohmann::ordered_json to_json(const StatRow& row, std::size_t column, std::size_t position) {
  const FigureTags& tags = kStatColumns[column].tags;
  return {{"objType", kKindNames[static_cast<std::size_t>(row.kind())]},
          {"proxyId", row.proxy_id()},
          {"id", row.service_id()},
          {"field", {{"pos", position}, {"name", kStatColumns[column].name}}},
          {"processNum", 1},
          {"tags", {{"origin", tags.origin}, {"nature", tags.nature}, {"scope", tags.scope}}},
          {"value", {{"type", tags.type}, {"value", to_json(*row.at(column))}}}};
}

}  // namespace

std::size_t stat_column(std::string_view name) {
  for (std::size_t column = 0; column < kStatColumns.size(); ++column) {
    if (kStatColumns[column].name == name) return column;
  }
  throw std::out_of_range("no column " + std::string(name));
}

StatRow::StatRow(RowKind kind, const std::string& proxy, const std::string& service,
                 std::uint32_t proxy_id, std::uint32_t service_id)
    : kind_(kind), proxy_id_(proxy_id), service_id_(service_id) {
  set("pxname", proxy);
  set("svname", service);
  set("pid", 1);
  set("iid", proxy_id);
  set("sid", service_id);
  set("type", static_cast<std::uint64_t>(kind));
}

StatRow& StatRow::set(std::string_view column, std::uint64_t value) {
  figures_[stat_column(column)] = value;
  return *this;
}

StatRow& StatRow::set(std::string_view column, std::string value) {
  figures_[stat_column(column)] = std::move(value);
  return *this;
}

StatRow& StatRow::set_signed(std::string_view column, std::int64_t value) {
  figures_[stat_column(column)] = value;
  return *this;
}

const std::string& StatRow::proxy() const {
  return std::get<std::string>(*figures_[stat_column("pxname")]);
}

std::string StatRow::status() const {
  const auto& status = figures_[stat_column("status")];
  return status ? std::get<std::string>(*status) : std::string();
}

std::optional<StatRequest> StatRequest::parse(std::span<const std::string> arguments) {
  StatRequest request;
  if (arguments.size() >= 3 && parse_number(arguments[1], request.kinds) &&
      parse_number(arguments[2], request.service_id)) {
    if (!parse_number(arguments[0], request.proxy_id)) request.proxy = arguments[0];
    arguments = arguments.subspan(3);
  }
  for (const std::string& word : arguments) {
    if (word == "json") {
      request.json = true;
    } else if (word == "up") {
      request.only_up = true;
    } else if (word != "no-maint") {
      return {};
    }
  }
  return request;
}

bool StatRequest::wants(const StatRow& row) const {
  if (!proxy.empty() && proxy != row.proxy()) return false;
  if (proxy_id != -1 && proxy_id != row.proxy_id()) return false;
  if (service_id != -1 && row.kind() == RowKind::kServer && service_id != row.service_id()) {
    return false;
  }
  if ((kinds & (1 << static_cast<int>(row.kind()))) == 0) return false;
  return !only_up || row.kind() != RowKind::kServer || !row.status().starts_with("DOWN");
}

std::string format_csv(std::span<const StatRow> rows, const StatRequest& request) {
  std::string text = "# ";
  for (const StatColumn& column : kStatColumns) text.append(column.name).append(",");
  text += "\n";
  for (const StatRow& row : rows) {
    if (!request.wants(row)) continue;
    for (std::size_t column = 0; column < kStatColumns.size(); ++column) {
      if (kStatColumns[column].name == kSeparator) text += kSeparator;
      if (row.at(column)) text += to_text(*row.at(column));
      text += ",";
    }
    text += "\n";
  }
  return text;
}

std::string format_json(std::span<const StatRow> rows, const StatRequest& request) {
  auto table = nlohmann::ordered_json::array();
  for (const StatRow& row : rows) {
    if (!request.wants(row)) continue;
    auto figures = nlohmann::ordered_json::array();
    std::size_t position = 0;
    for (std::size_t column = 0; column < kStatColumns.size(); ++column) {
      if (kStatColumns[column].name == kSeparator) continue;
      if (row.at(column)) figures.push_back(to_json(row, column, position));
      ++position;
    }
    table.push_back(std::move(figures));
  }
  return table.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace sluice::control
