#pragma once

#include <cstdint>
#include <string>

namespace sluice::control {

/// "Nov 23 15:32:30 ", the beginning of a line of syslog (RFC 3164 section 4.1.2), in local time;
/// made anew when the second changes.
class LineHeader {
 public:
  /// `before` and `behind` stand around the time.
  LineHeader(std::string before, std::string behind)
      : before_(std::move(before)), behind_(std::move(behind)) {}

  void append(std::int64_t at, std::string& into);

 private:
  std::string before_;
  std::string behind_;
  std::int64_t second_ = -1;
  std::string text_;
};

/// "sluice[1234]: "
std::string program_name(const std::string& tag);

}  // namespace sluice::control
