#include "tls/certificate/name_index.h"

#include <algorithm>
#include <array>

namespace sluice::tls {

void NameIndex::add(std::string_view name, std::size_t certificate) {
  if (name.starts_with("*.") && name.size() > 2) {
    wildcard_.try_emplace(std::string(name.substr(1)), certificate);
  } else {
    exact_.try_emplace(std::string(name), certificate);
  }
}

std::optional<std::size_t> NameIndex::find_in(const Table& table, std::string_view name) {
  const auto found = table.find(name);
  if (found == table.end()) return std::nullopt;
  return found->second;
}

std::optional<std::size_t> NameIndex::find(std::string_view name) const {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > kMaxName) return std::nullopt;
  std::array<char, kMaxName> buffer;
  std::transform(name.begin(), name.end(), buffer.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const std::string_view lower(buffer.data(), name.size());

  if (auto certificate = find_in(exact_, lower)) return certificate;
  const std::size_t dot = lower.find('.');
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  return find_in(wildcard_, lower.substr(dot));
}

}  // namespace sluice::tls
