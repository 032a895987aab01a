#include "control/stats/info_table.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

namespace sluice::control {

InfoTable& InfoTable::add(std::string_view name, FigureTags tags, std::uint64_t value) {
  fields_.push_back({std::string(name), tags, value});
  return *this;
}

InfoTable& InfoTable::add(std::string_view name, FigureTags tags, std::string value) {
  fields_.push_back({std::string(name), tags, std::move(value)});
  return *this;
}

const Figure* InfoTable::find(std::string_view name) const {
  const auto field = std::ranges::find(fields_, name, &Field::name);
  return field == fields_.end() ? nullptr : &field->value;
}

std::string InfoTable::format_text() const {
  std::string text;
  for (const Field& field : fields_) {
    const auto* words = std::get_if<std::string>(&field.value);
    text += field.name + ": " +
            (words != nullptr ? *words : std::to_string(std::get<std::uint64_t>(field.value))) +
            "\n";
  }
  return text;
}

std::string InfoTable::format_json() const {
  auto table = nlohmann::ordered_json::array();
  for (const Field& field : fields_) {
    const auto value =
        std::visit([](const auto& given) { return nlohmann::ordered_json(given); }, field.value);
    table.push_back({{"field", {{"pos", table.size()}, {"name", field.name}}},
                     {"processNum", 1},
                     {"tags",
                      {{"origin", field.tags.origin},
                       {"nature", field.tags.nature},
                       {"scope", field.tags.scope}}},
                     {"value", {{"type", field.tags.type}, {"value", value}}}});
  }
  return table.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string format_uptime(std::uint64_t seconds) {
  char text[64];
  std::snprintf(text, sizeof text, "%llud %lluh%02llum%02llus",
                static_cast<unsigned long long>(seconds / 86400),
                static_cast<unsigned long long>(seconds / 3600 % 24),
                static_cast<unsigned long long>(seconds / 60 % 60),
                static_cast<unsigned long long>(seconds % 60));
  return text;
}

}  // namespace sluice::control
