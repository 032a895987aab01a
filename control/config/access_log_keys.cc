#include "control/config/key_sections.h"

namespace sluice::control {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1024} * 1024;

}  // namespace

Section<AccessLogConfig> access_log_section(const std::shared_ptr<Atlas>& atlas) {
  Section<AccessLogConfig> section(atlas, "[access_log]",
                                   "A line for each request and TCP session that has ended (see "
                                   "[The access log](#the-access-log)). Without this table there "
                                   "is none.");
  using C = AccessLogConfig;
  section
      .required("to", located(text("destination")), &C::to,
                "The path of a file, `stdout`, or a syslog server: `syslog:/dev/log`, or by UDP "
                "over the kernel `syslog:192.0.2.1:514`.")
      .key("format",
           choice<AccessFormat>(
               {{"haproxy", AccessFormat::kHaproxy}, {"json", AccessFormat::kJson}}),
           &C::format, "Lines as HAProxy writes them, or a JSON object a line.")
      .key("capture", list(text("name")), &C::capture,
           "Names of request header fields whose values are logged, 8 at most.")
      .key(
          "buffer", size(64 * 1024, 1024 * kMiB), &C::buffer,
          "What each worker holds of lines that are not written yet, rounded up to a power of two. "
          "When it is full, lines are dropped and counted.")
      .key("facility", located(text("facility")), &C::facility, "Syslog's facility.")
      .key("tag", located(name()), &C::tag,
           "The name of the program in lines for syslog, and in a file of `haproxy` lines.");
  return section;
}

}  // namespace sluice::control
