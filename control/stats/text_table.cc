#include "control/stats/text_table.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace sluice::control {
namespace {

std::string to_text(const TextTable::Cell& cell) {
  struct Text {
    std::string operator()(std::uint64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const {
      char text[32];
      std::snprintf(text, sizeof text, "%.1f", number);
      return text;
    }
    std::string operator()(const std::string& words) const { return words; }
  };
  return std::visit(Text{}, cell);
}

bool is_words(const TextTable::Cell& cell) {
  return std::holds_alternative<std::string>(cell);
}

void append(std::string& line, const std::string& text, std::size_t width, bool to_the_left) {
  const std::string padding(width - std::min(width, text.size()), ' ');
  line += to_the_left ? text + padding : padding + text;
}

}  // namespace

std::string TextTable::format_text() const {
  std::vector<std::string> lines(rows_.size() + 1);
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    std::string title = columns_[column];
    std::replace(title.begin(), title.end(), '_', ' ');
    std::size_t width = title.size();
    for (const auto& row : rows_) width = std::max(width, to_text(row[column]).size());
    const bool words = !rows_.empty() && std::ranges::all_of(rows_, [&](const auto& row) {
      return is_words(row[column]);
    });
    append(lines[0], title, width, words);
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      append(lines[row + 1], to_text(rows_[row][column]), width, words);
    }
    for (std::string& line : lines) line += "  ";
  }
  std::string text;
  for (std::string& line : lines) {
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string TextTable::format_json() const {
  auto list = nlohmann::ordered_json::array();
  for (const auto& row : rows_) {
    auto object = nlohmann::ordered_json::object();
    for (std::size_t column = 0; column < columns_.size(); ++column) {
      std::visit([&](const auto& value) { object[columns_[column]] = value; }, row[column]);
    }
    list.push_back(std::move(object));
  }
  return list.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace sluice::control
