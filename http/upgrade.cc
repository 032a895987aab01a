#include "http/upgrade.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "http/characters.h"

namespace sluice::http {
namespace {

constexpr std::size_t kMaxProtocols = 8;
constexpr std::array<std::string_view, 5> kRefused{"h2c", "h2", "h3", "http", "tls"};

// name ["/" version]
bool is_protocol(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return is_token(text);
  return is_token(text.substr(0, slash)) && is_token(text.substr(slash + 1));
}

bool is_refused(std::string_view protocol) {
  const std::string_view name = protocol.substr(0, protocol.find('/'));
  return std::any_of(kRefused.begin(), kRefused.end(),
                     [&](std::string_view refused) { return equals_ignoring_case(name, refused); });
}

bool contains(std::string_view list, std::string_view protocol) {
  while (!list.empty()) {
    if (equals_ignoring_case(take_list_element(list), protocol)) return true;
  }
  return false;
}

}  // namespace

bool may_ask_for(std::string_view protocols) {
  std::size_t count = 0;
  while (!protocols.empty()) {
    const std::string_view protocol = take_list_element(protocols);
    if (++count > kMaxProtocols || !is_protocol(protocol) || is_refused(protocol)) return false;
  }
  return count > 0;
}

bool was_asked_for(std::string_view switched_to, std::string_view asked) {
  if (switched_to.empty()) return false;
  while (!switched_to.empty()) {
    const std::string_view protocol = take_list_element(switched_to);
    if (protocol.empty() || !contains(asked, protocol)) return false;
  }
  return true;
}

}  // namespace sluice::http
