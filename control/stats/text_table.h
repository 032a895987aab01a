#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace sluice::control {

/// A table of an answer, in two forms: aligned columns to read, and JSON to process.
class TextTable {
 public:
  using Cell = std::variant<std::uint64_t, double, std::string>;

  /// `columns` are the JSON names; titles show them with blanks for underscores.
  explicit TextTable(std::vector<std::string> columns) : columns_(std::move(columns)) {}

  /// `cells` has one for each column.
  void add(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }

  /// Numbers to the right, words to the left.
  [[nodiscard]] std::string format_text() const;
  /// A list of objects.
  [[nodiscard]] std::string format_json() const;

 private:
  std::vector<std::string> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace sluice::control
