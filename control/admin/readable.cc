#include "control/admin/readable.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

#include "control/admin/arguments.h"
#include "control/stats/text_table.h"

namespace sluice::control {
namespace {

using Fields = std::vector<std::string_view>;
// A column of the answer, and its title here.
using Column = std::pair<std::string_view, std::string_view>;

constexpr std::array<Column, 19> kStatColumns{{{"pxname", "proxy"},
                                               {"svname", "name"},
                                               {"status", "status"},
                                               {"weight", "weight"},
                                               {"scur", "now"},
                                               {"smax", "most"},
                                               {"slim", "limit"},
                                               {"qcur", "queued"},
                                               {"rate", "rate"},
                                               {"stot", "sessions"},
                                               {"req_tot", "requests"},
                                               {"bin", "bytes_in"},
                                               {"bout", "bytes_out"},
                                               {"hrsp_4xx", "4xx"},
                                               {"hrsp_5xx", "5xx"},
                                               {"econ", "errors"},
                                               {"wretr", "retries"},
                                               {"ttime", "ms"},
                                               {"lastchg", "since_s"}}};

constexpr std::array<Column, 10> kStateColumns{{{"be_name", "backend"},
                                                {"srv_name", "server"},
                                                {"srv_addr", "address"},
                                                {"srv_port", "port"},
                                                {"srv_op_state", "up"},
                                                {"srv_admin_state", "state"},
                                                {"srv_uweight", "weight"},
                                                {"srv_iweight", "of_file"},
                                                {"srv_time_since_last_change", "since_s"},
                                                {"srv_use_ssl", "tls"}}};

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// Names have neither commas nor quotes; what else might is not among the columns that are shown
// and comes behind them.
Fields split(std::string_view line, char separator) {
  Fields fields;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(separator), line.size());
    fields.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return fields;
}

std::string meaning(std::string_view column, std::string_view field) {
  if (column == "srv_op_state") return field == "0" ? "down" : "up";
  if (column == "srv_use_ssl") return field == "0" ? "no" : "yes";
  if (column != "srv_admin_state") return std::string(field);
  if (field == "0") return "ready";
  return field == "8" ? "drain" : "maint";
}

TextTable::Cell cell(std::string_view column, std::string_view field) {
  std::string text = meaning(column, field);
  if (const auto number = parse_number(text, 0, ~std::uint64_t{0})) return *number;
  return text.empty() ? "-" : text;
}

std::string as_table(std::string_view head, std::string_view rows, char separator,
                     std::span<const Column> columns) {
  const Fields names = split(head, separator);
  std::vector<std::string> titles;
  std::vector<std::size_t> places;
  for (const auto& [name, title] : columns) {
    titles.emplace_back(title);
    places.push_back(static_cast<std::size_t>(std::ranges::find(names, name) - names.begin()));
  }
  TextTable table(titles);
  while (!rows.empty()) {
    const std::string_view line = take_line(rows);
    if (line.empty()) continue;
    const Fields fields = split(line, separator);
    std::vector<TextTable::Cell> cells;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const bool there = places[i] < fields.size();
      cells.push_back(cell(columns[i].first, there ? fields[places[i]] : std::string_view()));
    }
    table.add(std::move(cells));
  }
  return table.format_text();
}

}  // namespace

std::string readable(std::string_view answer) {
  std::string_view rest = answer;
  std::string_view head = take_line(rest);
  if (head.starts_with("# pxname,")) return as_table(head.substr(2), rest, ',', kStatColumns);
  if (head == "1" && rest.starts_with("# be_id ")) {
    head = take_line(rest);
    return as_table(head.substr(2), rest, ' ', kStateColumns);
  }
  return std::string(answer);
}

}  // namespace sluice::control
