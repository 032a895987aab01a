#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "control/stats/stat_table.h"

namespace sluice::control {

/// What `show info` says: HAProxy's fields as far as they have a meaning here, and ours behind.
class InfoTable {
 public:
  InfoTable& add(std::string_view name, FigureTags tags, std::uint64_t value);
  InfoTable& add(std::string_view name, FigureTags tags, std::string value);

  /// A field's value; null when there is no such field.
  [[nodiscard]] const Figure* find(std::string_view name) const;

  /// "Name: value" lines.
  [[nodiscard]] std::string format_text() const;
  /// HAProxy's JSON form.
  [[nodiscard]] std::string format_json() const;

 private:
  struct Field {
    std::string name;
    FigureTags tags;
    Figure value;
  };
  std::vector<Field> fields_;
};

/// "0d 1h02m03s", as HAProxy writes a time in seconds.
std::string format_uptime(std::uint64_t seconds);

}  // namespace sluice::control
