#include "control/stats/stat_table.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

namespace sluice::control {

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

StatRow& StatRow::set(StatColumnName column, std::uint64_t value) {
  figures_[column.index] = value;
  return *this;
}

StatRow& StatRow::set(StatColumnName column, std::string value) {
  figures_[column.index] = std::move(value);
  return *this;
}

StatRow& StatRow::set_signed(StatColumnName column, std::int64_t value) {
  figures_[column.index] = value;
  return *this;
}

const std::string& StatRow::proxy() const {
  return std::get<std::string>(*figures_[StatColumnName("pxname").index]);
}

const std::string& StatRow::service() const {
  return std::get<std::string>(*figures_[StatColumnName("svname").index]);
}

std::string StatRow::status() const {
  const auto& status = figures_[StatColumnName("status").index];
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
