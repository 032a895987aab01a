#pragma once

#include <chrono>
#include <cstdint>

#include "dataplane/base/counter.h"
#include "http/health/check_result.h"

namespace sluice::http {

/// What the checks of a server have shown. The worker that checks it writes; any thread reads.
class CheckReport {
 public:
  Counter checks;
  Counter failures;  ///< bad ones while it was up [chkfail]
  Counter falls;     ///< times that it was taken out [chkdown]
  Counter row;       ///< results in a row that speak against the present verdict

  void note(const CheckResult& result) {
    const auto microseconds = static_cast<std::uint64_t>(result.taken.count() / 1000);
    last_.set(static_cast<std::uint64_t>(result.outcome) | std::uint64_t{result.status} << 8 |
              microseconds << 24);
    checks.add();
  }
  /// The id has gone to another server.
  void forget() {
    for (Counter* counter : {&checks, &failures, &falls, &row, &last_}) counter->set(0);
  }
  [[nodiscard]] CheckResult last() const {
    const std::uint64_t packed = last_.get();
    return {static_cast<CheckOutcome>(packed & 0xff), static_cast<std::uint16_t>(packed >> 8),
            std::chrono::microseconds(packed >> 24)};
  }

 private:
  Counter last_;  // in one word, so that its parts belong together
};

}  // namespace sluice::http
