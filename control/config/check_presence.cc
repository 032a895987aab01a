#include <algorithm>

#include "control/config/checks.h"

namespace sluice::control {
namespace {

// A redirect, or a route that may be one.
bool may_answer_itself(const FrontendConfig& frontend) {
  return !frontend.redirect.value.empty() || !frontend.routes.empty();
}

void check_service(const Config& config, Diagnostics& problems) {
  if (config.frontends.empty()) {
    problems.error({}, "there is no [[frontend]]: nothing would be served");
  }
  if (config.backends.empty() && std::ranges::none_of(config.frontends, may_answer_itself)) {
    problems.error({}, "there is no [[backend]]: requests would go nowhere");
  }
}

}  // namespace

void check_presence(const Config& config, Use use, Diagnostics& problems) {
  if (!problems.ok()) return;
  if (config.interfaces.empty()) {
    problems.error({}, "there is no [[interface]]: Sluice would have no address");
  }
  if (use == Use::kProxy) check_service(config, problems);
}

}  // namespace sluice::control
