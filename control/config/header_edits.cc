#include "control/config/header_edits.h"

#include <utility>
#include <vector>

#include "http/field.h"

namespace sluice::control {
namespace {

using Lines = std::vector<http::HeaderEdits::Line>;

Lines lines_of(const std::vector<FieldConfig>& fields,
               std::span<const http::Placeholder> placeholders) {
  Lines lines;
  std::string fault;
  for (const FieldConfig& field : fields) {
    if (is_host_field(field.name.value)) continue;
    lines.push_back({field.name.value,
                     http::TextTemplate::parse(field.value.value, placeholders, fault).value()});
  }
  return lines;
}

}  // namespace

bool is_host_field(std::string_view name) {
  return http::kind_of(name) == http::FieldKind::kHost;
}

std::shared_ptr<const http::HeaderEdits> header_edits(
    const FieldEditsConfig& config, std::span<const http::Placeholder> placeholders) {
  std::vector<std::string> remove;
  for (const auto& name : config.remove) remove.push_back(name.value);
  Lines set = lines_of(config.set, placeholders);
  Lines add = lines_of(config.add, placeholders);
  if (remove.empty() && set.empty() && add.empty()) return nullptr;
  return std::make_shared<const http::HeaderEdits>(std::move(remove), std::move(set),
                                                   std::move(add));
}

std::string host_of(const FieldEditsConfig& config) {
  for (const FieldConfig& field : config.set) {
    if (is_host_field(field.name.value)) return field.value.value;
  }
  return {};
}

}  // namespace sluice::control
