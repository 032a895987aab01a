#include <algorithm>

#include "control/config/checks.h"
#include "control/config/wording.h"

namespace sluice::control {

void check_management(const Config& config, Diagnostics& problems) {
  const auto& listen = config.management.listen;
  for (auto at = listen.begin(); at != listen.end(); ++at) {
    const auto same = [&](const auto& other) { return other.value == at->value; };
    const auto first = std::find_if(listen.begin(), at, same);
    if (first == at) continue;
    problems.error(at->at, "'listen' has " + at->value.to_string() + " twice");
  }
}

}  // namespace sluice::control
