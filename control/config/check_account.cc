#include <stdexcept>

#include "control/config/checks.h"
#include "control/service/rights.h"

namespace sluice::control {

void check_account_keys(const Config& config, Diagnostics& problems) {
  const ProcessConfig& process = config.process;
  if (process.user.value.empty() && !process.group.value.empty()) {
    problems.error(process.group.at, "'group' has no meaning without 'user'");
  }
}

void check_account(const Config& config, Diagnostics& problems) {
  try {
    (void)account_of(config.process);
  } catch (const std::runtime_error& fault) {
    problems.error(config.process.user.at, fault.what());
  }
}

}  // namespace sluice::control
