#include "http/text_template.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::http {
namespace {

constexpr std::array<std::pair<std::string_view, Placeholder>, 6> kNames{{
    {"client", Placeholder::kClient},
    {"frontend", Placeholder::kFrontend},
    {"host", Placeholder::kHost},
    {"path", Placeholder::kPath},
    {"tls_version", Placeholder::kTlsVersion},
    {"id", Placeholder::kId},
}};

// The name in the braces at the front of a text; nothing when they are only text.
std::optional<std::string_view> name_in_braces(std::string_view text) {
  const std::size_t end = text.find('}');
  if (end == std::string_view::npos || end < 2) return {};
  const std::string_view name = text.substr(1, end - 1);
  const bool word = std::all_of(name.begin(), name.end(),
                                [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
  return word ? std::optional(name) : std::nullopt;
}

void write_target(HeadWriter& writer, std::string_view target) {
  if (target.empty() || target == "*") {
    writer.text("/");
    return;
  }
  if (target.front() == '?') writer.text("/");
  writer.text(target);
}

void write_hexadecimal(HeadWriter& writer, std::uint64_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<char, 16> text;
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = kDigits[(value >> (60 - 4 * i)) & 15];
  writer.text({text.data(), text.size()});
}

void write_value(HeadWriter& writer, Placeholder placeholder, const TemplateValues& values) {
  switch (placeholder) {
    case Placeholder::kClient:
      writer.text(values.client.to_string());
      break;
    case Placeholder::kFrontend:
      writer.text(values.frontend);
      break;
    case Placeholder::kHost:
      writer.text(values.host);
      break;
    case Placeholder::kPath:
      write_target(writer, values.target);
      break;
    case Placeholder::kTlsVersion:
      writer.text(values.tls_version);
      break;
    case Placeholder::kId:
      write_hexadecimal(writer, values.tag.high);
      write_hexadecimal(writer, values.tag.low);
      break;
  }
}

}  // namespace

std::string_view to_string(Placeholder placeholder) {
  for (const auto& [name, meaning] : kNames) {
    if (meaning == placeholder) return name;
  }
  return {};
}

std::optional<TextTemplate> TextTemplate::parse(std::string_view text,
                                                std::span<const Placeholder> allowed,
                                                std::string& fault) {
  TextTemplate result;
  while (!text.empty()) {
    const std::size_t brace = text.find('{');
    result.add_text(text.substr(0, brace));
    if (brace == std::string_view::npos) break;
    text.remove_prefix(brace);
    const auto name = name_in_braces(text);
    if (!name) {
      result.add_text("{");
      text.remove_prefix(1);
      continue;
    }
    const auto found = std::find_if(allowed.begin(), allowed.end(),
                                    [&](Placeholder each) { return to_string(each) == *name; });
    if (found == allowed.end()) {
      fault = *name;
      return {};
    }
    if (result.parts_.empty() || result.parts_.back().behind) result.parts_.emplace_back();
    result.parts_.back().behind = *found;
    text.remove_prefix(name->size() + 2);
  }
  return result;
}

void TextTemplate::add_text(std::string_view text) {
  if (text.empty()) return;
  if (parts_.empty() || parts_.back().behind) parts_.emplace_back();
  parts_.back().text += text;
}

void TextTemplate::write(HeadWriter& writer, const TemplateValues& values) const {
  for (const Part& part : parts_) {
    writer.text(part.text);
    if (part.behind) write_value(writer, *part.behind, values);
  }
}

bool TextTemplate::uses(Placeholder placeholder) const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [&](const Part& part) { return part.behind == placeholder; });
}

}  // namespace sluice::http
