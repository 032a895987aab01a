#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
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
extern const std::array<StatColumn, 128> kStatColumns;

/// A column's place. Throws std::out_of_range for a name that is none.
std::size_t stat_column(std::string_view name);

/// HAProxy's numbers for the kinds of rows.
enum class RowKind : std::uint8_t { kFrontend = 0, kBackend = 1, kServer = 2 };

using Figure = std::variant<std::uint64_t, std::int64_t, std::string>;

/// One row; figures that are not set stay empty.
class StatRow {
 public:
  /// `proxy_id` counts frontends and backends together, from 1; `service_id` is 0 but for servers.
  StatRow(RowKind kind, const std::string& proxy, const std::string& service,
          std::uint32_t proxy_id, std::uint32_t service_id);

  StatRow& set(std::string_view column, std::uint64_t value);
  StatRow& set(std::string_view column, std::string value);
  StatRow& set_signed(std::string_view column, std::int64_t value);

  [[nodiscard]] RowKind kind() const { return kind_; }
  [[nodiscard]] std::uint32_t proxy_id() const { return proxy_id_; }
  [[nodiscard]] std::uint32_t service_id() const { return service_id_; }
  [[nodiscard]] const std::string& proxy() const;
  [[nodiscard]] std::string status() const;
  [[nodiscard]] const std::optional<Figure>& at(std::size_t column) const {
    return figures_[column];
  }

 private:
  RowKind kind_;
  std::uint32_t proxy_id_;
  std::uint32_t service_id_;
  std::array<std::optional<Figure>, 128> figures_;
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
