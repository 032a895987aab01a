#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The table that HAProxy 2.6 answers `show stat` with, column by column, so that what reads
/// HAProxy's statistics reads Sluice's.
namespace sluice::control {

/// What HAProxy's JSON form tells about a figure: where it comes from and how it behaves.
struct FigureTags {
  std::string_view origin;
  std::string_view nature;
  std::string_view scope;
  std::string_view type;
};

inline constexpr FigureTags kCounterTags{"Metric", "Counter", "Process", "u64"};
inline constexpr FigureTags kGaugeTags{"Metric", "Gauge", "Process", "u32"};
inline constexpr FigureTags kMaximumTags{"Metric", "Max", "Process", "u32"};
inline constexpr FigureTags kRateTags{"Metric", "Rate", "Process", "u32"};
inline constexpr FigureTags kLimitTags{"Config", "Limit", "Process", "u32"};
inline constexpr FigureTags kAverageTags{"Metric", "Avg", "Process", "u32"};
inline constexpr FigureTags kTextTags{"Metric", "Output", "Process", "str"};
inline constexpr FigureTags kSettingTags{"Config", "Gauge", "Service", "u32"};
inline constexpr FigureTags kSettingTextTags{"Config", "Gauge", "Service", "str"};

struct StatColumn {
  std::string_view name;
  FigureTags tags = kCounterTags;
};

/// All columns in HAProxy's order. "-" stands between its own and those of its modules.
inline constexpr std::array<StatColumn, 132> kStatColumns{{
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
    // Sluice's own, behind HAProxy's.
    {"queued_tot"},
    {"queue_refused"},
    {"retry_withheld"},
    {"eject"},
}};

/// A column's place. Throws std::out_of_range for a name that is none.
constexpr std::size_t stat_column(std::string_view name) {
  for (std::size_t column = 0; column < kStatColumns.size(); ++column) {
    if (kStatColumns[column].name == name) return column;
  }
  throw std::out_of_range("no such column");
}

/// A column named in the program: looked up, and checked, when that is compiled.
struct StatColumnName {
  // NOLINTNEXTLINE(google-explicit-constructor): stands where a name is written
  consteval StatColumnName(const char* name) : index(stat_column(name)) {}
  constexpr explicit StatColumnName(std::size_t place) : index(place) {}

  std::size_t index;
};

/// HAProxy's numbers for the kinds of rows.
enum class RowKind : std::uint8_t { kFrontend = 0, kBackend = 1, kServer = 2 };

using Figure = std::variant<std::uint64_t, std::int64_t, std::string>;

/// One row; figures that are not set stay empty.
class StatRow {
 public:
  /// `proxy_id` counts frontends and backends together, from 1; `service_id` is 0 but for servers.
  StatRow(RowKind kind, const std::string& proxy, const std::string& service,
          std::uint32_t proxy_id, std::uint32_t service_id);

  StatRow& set(StatColumnName column, std::uint64_t value);
  StatRow& set(StatColumnName column, std::string value);
  StatRow& set_signed(StatColumnName column, std::int64_t value);

  [[nodiscard]] RowKind kind() const { return kind_; }
  [[nodiscard]] std::uint32_t proxy_id() const { return proxy_id_; }
  [[nodiscard]] std::uint32_t service_id() const { return service_id_; }
  [[nodiscard]] const std::string& proxy() const;
  /// FRONTEND, BACKEND or a server's name.
  [[nodiscard]] const std::string& service() const;
  [[nodiscard]] std::string status() const;
  [[nodiscard]] const std::optional<Figure>& at(std::size_t column) const {
    return figures_[column];
  }

 private:
  RowKind kind_;
  std::uint32_t proxy_id_;
  std::uint32_t service_id_;
  std::array<std::optional<Figure>, kStatColumns.size()> figures_;
};

/// Which rows and which form `show stat` was asked for.
struct StatRequest {
  std::string proxy;             ///< a name; empty: any
  std::int64_t proxy_id = -1;    ///< -1: any
  std::int64_t kinds = -1;       ///< 1: frontends, 2: backends, 4: servers, -1: all
  std::int64_t service_id = -1;  ///< -1: any
  bool json = false;
  bool only_up = false;

  /// Reads HAProxy's arguments: "[{<iid>|<proxy>} <type> <sid>] [json] [up] [no-maint]". Nothing
  /// when they are others.
  static std::optional<StatRequest> parse(std::span<const std::string> arguments);
  [[nodiscard]] bool wants(const StatRow& row) const;
};

std::string format_csv(std::span<const StatRow> rows, const StatRequest& request);
std::string format_json(std::span<const StatRow> rows, const StatRequest& request);

}  // namespace sluice::control
