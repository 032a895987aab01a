#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::control {

/// A place in a configuration file; lines and columns count from 1, and line 0 means the file as a
/// whole.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  friend bool operator<(const Position& a, const Position& b) {
    return a.line != b.line ? a.line < b.line : a.column < b.column;
  }
};

/// A value with the place it was read from.
template <typename T>
struct Located {
  T value{};
  Position at;
};

/// What is wrong with a configuration file: all of it, not only the first fault.
class Diagnostics {
 public:
  void error(Position at, std::string message);
  /// For what works, but is probably not meant.
  void warning(Position at, std::string message);

  /// Whether there are no errors; warnings are allowed.
  [[nodiscard]] bool ok() const { return errors_ == 0; }
  [[nodiscard]] bool empty() const { return entries_.empty(); }

  /// A line for each, in the order of the file: "file:line:col: message".
  [[nodiscard]] std::string format(const std::string& file) const;
  /// The errors alone, without places, a line for each.
  [[nodiscard]] std::string error_messages() const;

 private:
  struct Entry {
    Position at;
    bool is_error;
    std::string message;
  };
  std::vector<Entry> entries_;
  std::size_t errors_ = 0;
};

}  // namespace sluice::control
