#pragma once

#include <cstdint>
#include <string_view>

#include "dataplane/base/time.h"

namespace sluice::http {

/// What came of a check, by the layer that decided, in HAProxy's words.
enum class CheckOutcome : std::uint8_t {
  kNone,  ///< there was none yet
  kL4Ok,  ///< connected
  kL4Timeout,
  kL4Failed,  ///< refused or unreachable
  kL6Ok,      ///< TLS is there
  kL6Timeout,
  kL6Failed,  ///< no agreement, or not trusted
  kL7Ok,      ///< the response that was wanted
  kL7Timeout,
  kL7Invalid,    ///< no HTTP, or the connection ended
  kL7Status,     ///< another status
  kL7Body,       ///< the body lacks what it must hold
  kNoResources,  ///< ours: no buffer or connection
};

struct CheckResult {
  CheckOutcome outcome = CheckOutcome::kNone;
  std::uint16_t status = 0;  ///< of HTTP, if one came
  Duration taken{};

  [[nodiscard]] bool good() const {
    return outcome == CheckOutcome::kL4Ok || outcome == CheckOutcome::kL6Ok ||
           outcome == CheckOutcome::kL7Ok;
  }
};

/// HAProxy's code for the column check_status of `show stat`: "L7STS".
std::string_view code_of(CheckOutcome outcome);
/// For people: "connection refused, or host unreachable".
std::string_view describe(CheckOutcome outcome);

}  // namespace sluice::http
