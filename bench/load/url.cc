#include "bench/load/url.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string_view>

namespace sluice::load {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw std::invalid_argument(text + ": " + why);
}

template <typename Number>
bool parse_whole(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

// "...=3" behind a path; a query may hold other equal signs, so only digits at the very end count.
std::uint32_t take_weight(std::string_view& text) {
  const std::size_t equals = text.rfind('=');
  std::uint32_t weight = 0;
  if (equals == std::string_view::npos || text.find('?') < equals) return 1;
  if (!parse_whole(text.substr(equals + 1), weight) || weight == 0 || weight > 10'000) return 1;
  text = text.substr(0, equals);
  return weight;
}

bool visible(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c != 0x7f; });
}

}  // namespace

std::string Url::host_and_port() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Url::authority() const {
  const std::string full = host_and_port();
  const bool usual = port == (secure ? kHttpsPort : kHttpPort);
  return usual ? full.substr(0, full.rfind(':')) : full;
}

std::string Url::text() const {
  return (secure ? "https://" : "http://") + authority() + target;
}

Url parse_url(const std::string& text) {
  Url url;
  std::string_view rest = text;
  url.weight = take_weight(rest);
  constexpr std::string_view kHttp = "http://";
  constexpr std::string_view kHttps = "https://";
  url.secure = rest.starts_with(kHttps);
  if (!url.secure && !rest.starts_with(kHttp)) refuse(text, "expected http://... or https://...");
  rest.remove_prefix(url.secure ? kHttps.size() : kHttp.size());
  const std::size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  url.target = slash == std::string_view::npos ? "/" : std::string(rest.substr(slash));
  if (!visible(url.target)) refuse(text, "the path has a space or control character");

  url.port = url.secure ? kHttpsPort : kHttpPort;
  // Behind the brackets of IPv6 and the braces of a placeholder, where colons mean other things.
  const std::size_t last_brace = authority.find_last_of("]}");
  const std::size_t colon =
      authority.find(':', last_brace == std::string_view::npos ? 0 : last_brace);
  if (colon != std::string_view::npos) {
    if (!parse_whole(authority.substr(colon + 1), url.port) || url.port == 0) {
      refuse(text, "the port is not a number from 1 to 65535");
    }
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']')) {
    authority = authority.substr(1, authority.size() - 2);
  }
  url.host = authority;
  if (url.host.empty() || !visible(url.host)) refuse(text, "it names no host");
  return url;
}

}  // namespace sluice::load
