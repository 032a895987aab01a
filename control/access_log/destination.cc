#include "control/access_log/destination.h"

#include <algorithm>
#include <array>

namespace sluice::control {

std::optional<AccessDestination> AccessDestination::parse(std::string_view text) {
  constexpr std::string_view kSyslog = "syslog:";
  if (text == "stdout") return AccessDestination{Kind::kStdout, {}, {}};
  if (text.starts_with('/')) return AccessDestination{Kind::kFile, std::string(text), {}};
  if (!text.starts_with(kSyslog)) return {};
  text.remove_prefix(kSyslog.size());
  if (text.starts_with('/')) return AccessDestination{Kind::kUnixSyslog, std::string(text), {}};
  const auto address = wire::Endpoint::parse(text);
  if (!address || address->port == 0) return {};
  return AccessDestination{Kind::kUdpSyslog, {}, *address};
}

std::optional<unsigned> syslog_facility(std::string_view name) {
  constexpr std::array<std::string_view, 24> kNames{
      "kern",   "user",   "mail",   "daemon", "auth",   "syslog", "lpr",    "news",
      "uucp",   "cron",   "auth2",  "ftp",    "ntp",    "audit",  "alert",  "cron2",
      "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"};
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return {};
  return static_cast<unsigned>(found - kNames.begin());
}

}  // namespace sluice::control
