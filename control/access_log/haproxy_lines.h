#pragma once

#include <cstdint>
#include <string>

#include "control/access_log/access_line.h"

namespace sluice::control {

/// Writes lines as HAProxy does with `option httplog`, and `option tcplog` for TCP sessions: the
/// same fields in the same order and spelling, so that what reads HAProxy's logs reads these.
class HaproxyLines {
 public:
  /// Adds a line without its end.
  void append(const AccessLine& line, std::string& into);

 private:
  void append_time(AccessLine::Time time, std::string& into);

  // The second that was written last, in words: most lines are of the same.
  std::int64_t second_ = -1;
  std::string second_text_;
};

}  // namespace sluice::control
