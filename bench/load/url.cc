#include "bench/load/url.h"

#include <algorithm>
#include <cctype>
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

bool one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
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
  const std::size_t bracket = authority.find(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
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

std::string request_for(const Url& url, const RequestParts& parts) {
  if (!is_token(parts.method)) refuse("--method " + parts.method, "not a method");
  bool has_host = false;
  std::string fields;
  for (const std::string& header : parts.headers) {
    const std::size_t colon = header.find(':');
    if (colon == std::string::npos || !is_token(header.substr(0, colon)) || !one_line(header)) {
      refuse("--header '" + header + "'", "expected 'Name: value'");
    }
    std::string name = header.substr(0, colon);
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    has_host = has_host || name == "host";
    fields += header + "\r\n";
  }
  std::string request = parts.method + " " + url.target + " HTTP/1.1\r\n";
  if (!has_host) request += "Host: " + url.authority() + "\r\n";
  request += fields;
  if (parts.close) request += "Connection: close\r\n";
  if (!parts.body.empty()) {
    request += "Content-Length: " + std::to_string(parts.body.size()) + "\r\n";
  }
  return request + "\r\n" + parts.body;
}

}  // namespace sluice::load
