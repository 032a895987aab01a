#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "control/config/diagnostics.h"

namespace sluice::control {

/// Changes of a text that are collected by their places in it and made all at once. They do not
/// overlap, but for insertions at the beginning of what another one takes away.
class TextEdits {
 public:
  /// The text outlives this.
  explicit TextEdits(std::string_view text);

  /// Where a line and column are. Columns count code points of UTF-8, as toml++ does.
  [[nodiscard]] std::size_t offset_of(Position at) const;
  /// Where the line of an offset begins, and where it ends: at its '\n', or at the end of the text.
  [[nodiscard]] std::size_t line_start(std::size_t offset) const;
  [[nodiscard]] std::size_t line_end(std::size_t offset) const;
  [[nodiscard]] std::string_view text() const { return text_; }

  void replace(std::size_t begin, std::size_t end, std::string with);
  void insert(std::size_t at, std::string what) { replace(at, at, std::move(what)); }

  /// The text with all of them.
  [[nodiscard]] std::string apply() const;

 private:
  struct Edit {
    std::size_t begin;
    std::size_t end;
    std::string with;
  };

  std::string_view text_;
  std::vector<std::size_t> lines_;  // where each begins
  std::vector<Edit> edits_;
};

}  // namespace sluice::control
