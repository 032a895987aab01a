#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "control/config/diagnostics.h"

namespace sluice::control {

struct Entry;

/// A table of a TOML document, without order: its keys' places tell where each stood.
struct Table {
  std::vector<Entry> entries;
};

/// A TOML value and where it stands. Dates and times, which no key takes, keep only their kind.
struct Value {
  struct DateTime {};

  Position at;
  std::variant<Table, std::vector<Value>, std::string, std::int64_t, double, bool, DateTime> data;

  [[nodiscard]] const Table* table() const { return std::get_if<Table>(&data); }
  [[nodiscard]] const std::vector<Value>* array() const {
    return std::get_if<std::vector<Value>>(&data);
  }
  [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&data); }
  /// "a string", "an integer", …: for messages that say what was found.
  [[nodiscard]] std::string_view kind() const;
};

struct Entry {
  std::string key;
  Position key_at;
  Value value;
};

/// Reads TOML 1.0. Nothing, and an error in `diagnostics`, when the text is not TOML.
std::optional<Value> parse_document(std::string_view text, Diagnostics& diagnostics);

}  // namespace sluice::control
