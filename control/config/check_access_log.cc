#include <algorithm>

#include "control/access_log/destination.h"
#include "control/config/checks.h"
#include "control/config/wording.h"
#include "http/access_log/access_record.h"
#include "http/characters.h"

namespace sluice::control {
namespace {

// What a Unix socket's address has room for.
constexpr std::size_t kLongestSocket = 107;

void check_destination(const Located<std::string>& to, Diagnostics& problems) {
  const auto parsed = AccessDestination::parse(to.value);
  if (!parsed) {
    problems.error(to.at,
                   "'to' must be a path from / on, \"stdout\", \"syslog:/dev/log\" or "
                   "\"syslog:ADDRESS:PORT\", not '" +
                       to.value + "'");
  } else if (parsed->kind == AccessDestination::Kind::kUnixSyslog &&
             parsed->path.size() > kLongestSocket) {
    problems.error(to.at, "'to' has a longer path than a socket can have");
  }
}

void check_captures(const std::vector<Located<std::string>>& captures, Diagnostics& problems) {
  for (auto at = captures.begin(); at != captures.end(); ++at) {
    if (!std::all_of(at->value.begin(), at->value.end(), http::is_token_character)) {
      problems.error(at->at, "'" + at->value + "' cannot be a header field's name");
    }
    const auto same = [&](const auto& other) {
      return http::equals_ignoring_case(other.value, at->value);
    };
    if (std::find_if(captures.begin(), at, same) != at) {
      problems.error(at->at, "'capture' has '" + at->value + "' twice");
    }
  }
  if (captures.size() > http::kMostCaptures) {
    problems.error(captures[http::kMostCaptures].at,
                   "'capture' may have " + std::to_string(http::kMostCaptures) + " names at most");
  }
}

}  // namespace

void check_access_log(const Config& config, Diagnostics& problems) {
  const AccessLogConfig& log = config.access_log;
  if (!log.given()) return;
  check_destination(log.to, problems);
  check_captures(log.capture, problems);
  if (!syslog_facility(log.facility.value)) {
    problems.error(log.facility.at,
                   "'facility' must be one of syslog's, such as \"local0\" or "
                   "\"daemon\", not '" +
                       log.facility.value + "'");
  }
}

}  // namespace sluice::control
