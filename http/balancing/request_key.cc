#include "http/balancing/request_key.h"

#include <algorithm>
#include <string_view>

#include "http/balancing/maglev_table.h"
#include "http/characters.h"

namespace sluice::http {
namespace {

std::uint64_t hash(std::string_view text) {
  return request_key(text.data(), text.size());
}

std::optional<std::string_view> header(const RequestHead& request, std::string_view name) {
  for (const Field& field : request.fields) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

// RFC 6265 section 4.2.1: "a=1; b=2".
std::optional<std::string_view> cookie_in(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(';'), list.size());
    const std::string_view pair = trim(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      return pair.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> cookie(const RequestHead& request, std::string_view name) {
  for (const Field& field : request.fields) {
    if (!equals_ignoring_case(field.name, "cookie")) continue;
    if (const auto found = cookie_in(field.value, name)) return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> key_of(const BalancingSettings& settings, const RequestHead& request,
                                    const wire::IpAddress& client) {
  if (settings.algorithm != Algorithm::kMaglev) return std::nullopt;
  std::optional<std::string_view> text;
  switch (settings.hash_by) {
    case HashBy::kSource:
      return request_key(client.bytes().data(), client.bytes().size());
    case HashBy::kPath:
      text = request.path;
      break;
    case HashBy::kHeader:
      text = header(request, settings.hash_name);
      break;
    case HashBy::kCookie:
      text = cookie(request, settings.hash_name);
      break;
  }
  if (!text) return std::nullopt;
  return hash(*text);
}

}  // namespace sluice::http
