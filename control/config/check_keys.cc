#include "control/config/check_keys.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/characters.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;

using StatusRange = std::pair<std::uint16_t, std::uint16_t>;

std::optional<std::uint16_t> parse_status(std::string_view text) {
  std::uint16_t status = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, status);
  if (error != std::errc{} || rest != end || status < 200 || status > 599) return std::nullopt;
  return status;
}

std::optional<StatusRange> parse_range(const std::string& text) {
  const std::size_t dash = text.find('-');
  const auto from = parse_status(std::string_view(text).substr(0, dash));
  const auto to = dash == std::string::npos ? from : parse_status(text.substr(dash + 1));
  if (!from || !to || *from > *to) return std::nullopt;
  return StatusRange(*from, *to);
}

std::string format_ranges(const std::vector<StatusRange>& ranges) {
  std::string text;
  for (const auto& [from, to] : ranges) {
    text += (text.empty() ? "\"" : ", \"") + std::to_string(from);
    text += (from == to ? "" : "-" + std::to_string(to)) + '"';
  }
  return text.empty() ? "\"200-399\"" : text;
}

ValueType<std::vector<StatusRange>> status_ranges() {
  return {"string or list", "statuses such as \"204\" and ranges such as \"200-399\"",
          [](std::string_view key, const Value& value, std::vector<StatusRange>& into,
             Diagnostics& problems) {
            std::vector<Located<std::string>> words;
            if (!list(text("string")).read(key, value, words, problems)) return false;
            bool good = true;
            for (const auto& word : words) {
              if (const auto range = parse_range(word.value)) {
                into.push_back(*range);
                continue;
              }
              problems.error(word.at, "'" + std::string(key) +
                                          "' must be a status from 200 to 599 or a range such as "
                                          "\"200-399\", not '" +
                                          word.value + "'");
              good = false;
            }
            return good;
          },
          format_ranges};
}

// A string of which each character is of some kind.
ValueType<std::string> spelt(std::string what, bool (*is_good)(char), char first = '\0') {
  auto type = text(what);
  type.read = [read = type.read, what, is_good, first](std::string_view key, const Value& value,
                                                       std::string& into, Diagnostics& problems) {
    std::string given;
    if (!read(key, value, given, problems)) return false;
    const bool good = std::all_of(given.begin(), given.end(), is_good);
    if (!good || (first != '\0' && given.front() != first)) {
      wrong_text(key, value, "a " + what, problems);
      return false;
    }
    into = std::move(given);
    return true;
  };
  return type;
}

bool is_visible(char c) {
  return c > ' ' && c < '\x7f';
}

}  // namespace

void add_check_keys(Section<BackendConfig>& section) {
  using C = BackendConfig;
  using Check = CheckConfig;
  using Settings = http::CheckSettings;
  const auto of_settings = [](auto Settings::*member) {
    return [member](auto& config) -> auto& {
      return config.check.settings.*member;
    };
  };
  section
      .key("check.tcp", located(boolean()), inside(&C::check, &Check::tcp),
           "Checks connect to each server, by TLS if requests do, and that is all. Checks go the "
           "way that requests go; what they say of a server holds for all workers.")
      .key("check.tls", located(boolean()), inside(&C::check, &Check::tls),
           "Checks do a TLS handshake, also where requests are plain or are passed through; the "
           "certificate is verified only with `tls.enabled`.")
      .key("check.http", located(spelt("path beginning with /", is_visible, '/')),
           inside(&C::check, &Check::http), "Checks ask for this path; by TLS with `tls.enabled`.")
      .key("check.method", located(spelt("method", http::is_token_character)),
           inside(&C::check, &Check::method), "... with this method.")
      .key("check.host", located(spelt("host name", is_visible)), inside(&C::check, &Check::host),
           "... and this Host. Default: `tls.server_name`, or the server's address and port.")
      .key("check.status", located(status_ranges()), inside(&C::check, &Check::statuses),
           "What the response must be.")
      .key("check.body", located(text("string")), inside(&C::check, &Check::body),
           "What the first 64 KiB of its body must hold.")
      .key("check.port", narrowed<std::uint16_t>(integer(0, 65535, "the server's")),
           of_settings(&Settings::port), "Another port to check.")
      .key("check.interval", duration(100ms, 24h), of_settings(&Settings::interval),
           "From the start of a check to the next, or to its end if that is later.")
      .key("check.jitter", integer(0, 100), of_settings(&Settings::jitter_percent),
           "In percent: the interval is longer or shorter by so much at most, by chance, so that "
           "checks of many servers do not come at once.")
      .key("check.timeout", duration(10ms, 1h), of_settings(&Settings::timeout),
           "For a whole check.")
      .key("check.rise", integer(1, 1000), of_settings(&Settings::rise),
           "Good checks in a row that bring a server back.")
      .key("check.fall", integer(1, 1000), of_settings(&Settings::fall),
           "Bad checks in a row that take a server out. Of a server that was not checked yet one "
           "is enough.");
}

}  // namespace sluice::control
