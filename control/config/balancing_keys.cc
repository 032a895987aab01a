#include "control/config/balancing_keys.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/characters.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;

constexpr std::pair<std::string_view, http::HashBy> kNamedHashes[] = {
    {"header:", http::HashBy::kHeader}, {"cookie:", http::HashBy::kCookie}};

std::optional<HashConfig> parse_hash(std::string_view text) {
  if (text == "source") return HashConfig{http::HashBy::kSource};
  if (text == "path") return HashConfig{http::HashBy::kPath};
  for (const auto& [prefix, by] : kNamedHashes) {
    if (!text.starts_with(prefix)) continue;
    text.remove_prefix(prefix.size());
    if (text.empty() || !std::all_of(text.begin(), text.end(), http::is_token_character)) break;
    return HashConfig{by, std::string(text)};
  }
  return std::nullopt;
}

std::string format_hash(const HashConfig& hash) {
  switch (hash.by) {
    case http::HashBy::kSource:
      return "\"source\"";
    case http::HashBy::kPath:
      return "\"path\"";
    case http::HashBy::kHeader:
      return "\"header:" + hash.name + '"';
    case http::HashBy::kCookie:
      break;
  }
  return "\"cookie:" + hash.name + '"';
}

ValueType<HashConfig> hash() {
  constexpr std::string_view kWanted = "'source', 'path', 'header:NAME' or 'cookie:NAME'";
  return {
      "string", std::string(kWanted),
      [kWanted](std::string_view key, const Value& value, HashConfig& into, Diagnostics& problems) {
        const auto given = value.text() == nullptr ? std::nullopt : parse_hash(*value.text());
        if (!given) {
          wrong_text(key, value, kWanted, problems);
          return false;
        }
        into = *given;
        return true;
      },
      format_hash};
}

constexpr std::string_view kTimeout = "timeout";
constexpr std::string_view kBroken = "broken";
constexpr std::string_view kReasons = "a status from 400 to 599, 'timeout' or 'broken'";

bool add_reason(const std::string& text, http::RetrySettings& into) {
  std::uint16_t status = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, status);
  if (text == kTimeout) {
    into.on_timeout = true;
  } else if (text == kBroken) {
    into.on_broken = true;
  } else if (error == std::errc{} && rest == end && status >= 400 && status <= 599) {
    into.statuses.push_back(status);
  } else {
    return false;
  }
  return true;
}

std::string format_reasons(const http::RetrySettings& settings) {
  std::string text;
  const auto add = [&](const std::string& word) {
    text += (text.empty() ? "\"" : ", \"") + word + '"';
  };
  for (const std::uint16_t status : settings.statuses) add(std::to_string(status));
  if (settings.on_timeout) add(std::string(kTimeout));
  if (settings.on_broken) add(std::string(kBroken));
  return text.empty() ? "none" : text;
}

// Reasons for a retry are words and statuses, which stand in several members.
ValueType<http::RetrySettings> retry_reasons() {
  return {"string or list", "statuses from \"400\" to \"599\", \"timeout\", \"broken\"",
          [](std::string_view key, const Value& value, http::RetrySettings& into,
             Diagnostics& problems) {
            std::vector<Located<std::string>> words;
            if (!list(text("string")).read(key, value, words, problems)) return false;
            bool good = true;
            for (const auto& word : words) {
              if (add_reason(word.value, into)) continue;
              problems.error(word.at, "'" + std::string(key) + "' must be " +
                                          std::string(kReasons) + ", not '" + word.value + "'");
              good = false;
            }
            return good;
          },
          format_reasons};
}

void add_failure_keys(Section<BackendConfig>& section) {
  using C = BackendConfig;
  using Retry = http::RetrySettings;
  using Outliers = http::OutlierSettings;
  section
      .key("retries", integer(0, 16), inside(&C::retry, &Retry::attempts),
           "Further attempts, on other servers where there are any, after a failed connect or TLS "
           "handshake, and after what `retry.on` names.")
      .key("retry.on", retry_reasons(), &C::retry,
           "What else is tried again, for requests of idempotent methods without a body: responses "
           "with these statuses, `timeout` (no response within `timeout.response`), `broken` (the "
           "connection ended without a response, or the response broke the protocol).")
      .key("retry.budget", integer(0, 100), inside(&C::retry, &Retry::budget),
           "Retries at most, in percent of the latest requests, and a few besides; 0 sets no "
           "bound. Where everything fails, retries only add to the load.")
      .key("outlier.failures", integer(0, 1000000, "0"), inside(&C::outliers, &Outliers::failures),
           "A server leaves the rotation after so many failures in a row, whichever worker saw "
           "them: responses of 500 and above, missing or broken ones, failed connects. 0: never.")
      .key("outlier.time", duration(100ms, 24h), inside(&C::outliers, &Outliers::time),
           "For how long; the second time in a row twice as long, the third three times ...")
      .key("outlier.longest", duration(100ms, 24h), inside(&C::outliers, &Outliers::longest),
           "... at most. Who stays in for so long begins anew.")
      .key("outlier.most", integer(1, 100), inside(&C::outliers, &Outliers::most_percent),
           "In percent of the backend's servers: no more are out at once for this reason, but "
           "always one.");
}

}  // namespace

void add_balancing_keys(Section<BackendConfig>& section) {
  using C = BackendConfig;
  using Queue = http::QueueSettings;
  section
      .key(
          "balance",
          choice<http::Algorithm>({{"round-robin", http::Algorithm::kRoundRobin},
                                   {"least-connections", http::Algorithm::kLeastConnections},
                                   {"two-choices", http::Algorithm::kTwoChoices},
                                   {"maglev", http::Algorithm::kMaglev},
                                   {"random", http::Algorithm::kRandom}}),
          &C::balance,
          "How a server is chosen for a request, for the process as a whole and by weight: each in "
          "turn; the one with the fewest requests in hand; the better of two drawn by chance; by a "
          "consistent hash of `hash.by`; by chance.")
      .key("hash.by", located(hash()), &C::hash,
           "With `maglev`: requests that are alike in it go to the same server, as long as it is "
           "fit. A request without the header or cookie goes anywhere.")
      .key("slow_start", duration(0s, 24h), &C::slow_start,
           "A server that comes, or comes back, while Sluice runs gets a tenth of its share at "
           "first and all of it after this.")
      .key("limit.connections", integer(0, 100000000), &C::connection_limit,
           "Requests that its servers have in hand at once, in the whole process; the others wait. "
           "0: no limit.")
      .key("queue.length", integer(0, 100000000), inside(&C::queue, &Queue::length),
           "Requests that may wait for a server below its limit; further ones get 503.")
      .key("queue.timeout", duration(1ms, 24h), inside(&C::queue, &Queue::timeout),
           "How long they may; then 503.");
  add_failure_keys(section);
}

void add_balancing_keys(Section<ServerConfig>& section) {
  using C = ServerConfig;
  section
      .key("weight", integer(0, 256), &C::weight,
           "Its share of the work, beside the other servers' weights; 0: none.")
      .key("backup", boolean(), &C::backup, "Of use only while no other server is.")
      .key("state",
           choice<http::ServerMode>({{"ready", http::ServerMode::kReady},
                                     {"drain", http::ServerMode::kDrain},
                                     {"maint", http::ServerMode::kMaint}}),
           &C::mode,
           "`drain`: it gets nothing new; `maint`: neither does it, and it is not checked.")
      .key("limit.connections", integer(0, 1000000), &C::connection_limit,
           "Requests that it has in hand at once, in the whole process; the others go to other "
           "servers, or wait. 0: no limit.");
}

}  // namespace sluice::control
