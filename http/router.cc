#include "http/router.h"

#include <algorithm>
#include <array>
#include <utility>

#include "http/characters.h"

namespace sluice::http {
namespace {

constexpr std::size_t kLongestHost = 255;

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), to_lower);
  return result;
}

}  // namespace

void Router::Paths::add(std::string_view path, const Route& route) {
  if (path.ends_with('/')) path.remove_suffix(1);
  // The first of equal routes stands.
  if (!targets_.emplace(path, RouteTarget(route.backend, route.answer)).second) return;
  const auto place =
      std::lower_bound(lengths_.begin(), lengths_.end(), path.size(), std::greater<>());
  if (place == lengths_.end() || *place != path.size()) lengths_.insert(place, path.size());
}

const RouteTarget* Router::Paths::find(std::string_view path) const {
  for (const std::size_t length : lengths_) {
    if (length > path.size()) continue;
    if (length < path.size() && path[length] != '/') continue;
    const auto found = targets_.find(path.substr(0, length));
    if (found != targets_.end()) return &found->second;
  }
  return nullptr;
}

Router::Router(std::span<const Route> routes, RouteTarget fallback)
    : fallback_(std::move(fallback)) {
  for (const Route& route : routes) {
    const std::string host = lower(route.host);
    if (host.empty() || host == "*") {
      any_.add(route.path, route);
    } else if (host.starts_with("*.")) {
      suffixes_[host.substr(1)].add(route.path, route);
    } else {
      exact_[host].add(route.path, route);
    }
  }
}

const RouteTarget& Router::find(std::string_view host, std::string_view path) const {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (!host.empty() && host.size() <= kLongestHost && !(exact_.empty() && suffixes_.empty())) {
    std::array<char, kLongestHost> buffer;
    std::transform(host.begin(), host.end(), buffer.begin(), to_lower);
    const std::string_view name(buffer.data(), host.size());
    const auto same = exact_.find(name);
    if (same != exact_.end()) {
      if (const RouteTarget* target = same->second.find(path)) return *target;
    }
    for (std::size_t dot = suffixes_.empty() ? std::string_view::npos : name.find('.', 1);
         dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
      const auto suffix = suffixes_.find(name.substr(dot));
      if (suffix == suffixes_.end()) continue;
      if (const RouteTarget* target = suffix->second.find(path)) return *target;
    }
  }
  const RouteTarget* target = any_.find(path);
  return target != nullptr ? *target : fallback_;
}

}  // namespace sluice::http
