#include "tls/certificate/name_index.h"

#include <algorithm>
#include <array>

namespace sluice::tls {

void NameIndex::add(std::string_view name, KeyType type, std::uint32_t certificate) {
  const bool star = name.starts_with("*.") && name.size() > 2;
  Table& table = star ? wildcard_ : exact_;
  table[std::string(star ? name.substr(1) : name)].add(type, certificate);
}

const Candidates* NameIndex::find_in(const Table& table, std::string_view name) {
  const auto found = table.find(name);
  return found == table.end() ? nullptr : &found->second;
}

NameIndex::Found NameIndex::find(std::string_view name) const {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > kMaxName) return {};
  std::array<char, kMaxName> buffer;
  std::transform(name.begin(), name.end(), buffer.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const std::string_view lower(buffer.data(), name.size());

  Found found{.exact = find_in(exact_, lower)};
  const std::size_t dot = lower.find('.');
  if (dot != std::string_view::npos && dot != 0) {
    found.wildcard = find_in(wildcard_, lower.substr(dot));
  }
  return found;
}

}  // namespace sluice::tls
