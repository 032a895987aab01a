#include "http/authority.h"

#include <algorithm>

#include "dataplane/wire/ip_address.h"
#include "http/characters.h"

namespace sluice::http {
namespace {

bool is_port(std::string_view text) {
  if (text.size() > 5 || !std::all_of(text.begin(), text.end(), is_digit)) return false;
  unsigned port = 0;
  for (const char c : text) port = port * 10 + static_cast<unsigned>(c - '0');
  return port <= 0xffff;
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) {
  Authority authority;
  std::size_t host_size;
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return std::nullopt;
    const auto address = wire::IpAddress::parse(text.substr(1, bracket - 1));
    if (!address || text.substr(0, bracket).find(':') == std::string_view::npos) {
      return std::nullopt;
    }
    host_size = bracket + 1;
  } else {
    host_size = std::min(text.find(':'), text.size());
    if (!is_host_name(text.substr(0, host_size))) return std::nullopt;
  }
  authority.host = text.substr(0, host_size);
  std::string_view rest = text.substr(host_size);
  if (rest.empty()) return authority;
  if (rest.front() != ':' || !is_port(rest.substr(1))) return std::nullopt;
  authority.port = rest.substr(1);
  return authority;
}

}  // namespace sluice::http
