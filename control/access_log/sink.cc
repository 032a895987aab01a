#include "control/access_log/sink.h"

#include <unistd.h>

#include <array>
#include <optional>
#include <utility>

#include "control/access_log/file_sink.h"
#include "control/access_log/syslog_sink.h"

namespace sluice::control {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

// As a syslog server would write them: that is what logs of HAProxy look like, and what programs
// that read them skip.
std::optional<LineHeader> header_of_files(const SinkSettings& settings) {
  if (settings.bare) return {};
  return LineHeader("", host_name() + ' ' + program_name(settings.tag));
}

}  // namespace

std::unique_ptr<AccessSink> open_sink(const SinkSettings& settings) {
  switch (settings.to.kind) {
    case AccessDestination::Kind::kStdout:
      return std::make_unique<FileSink>(std::string(), std::nullopt);
    case AccessDestination::Kind::kFile:
      return std::make_unique<FileSink>(settings.to.path, header_of_files(settings));
    case AccessDestination::Kind::kUnixSyslog:
    case AccessDestination::Kind::kUdpSyslog:
      break;
  }
  return std::make_unique<SyslogSink>(settings.to, settings.tag, settings.facility);
}

}  // namespace sluice::control
