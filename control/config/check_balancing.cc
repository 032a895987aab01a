#include <algorithm>

#include "control/config/checks.h"
#include "control/config/wording.h"

namespace sluice::control {
namespace {

template <typename T>
void needs_http(const CheckConfig& check, const char* key, const Located<T>& place,
                Diagnostics& problems) {
  if (place.at.line == 0 || check.http.at.line != 0) return;
  problems.error(place.at, in_quotes(key) + " has no meaning without 'check.http'");
}

void check_checks(const CheckConfig& check, Diagnostics& problems) {
  needs_http(check, "check.method", check.method, problems);
  needs_http(check, "check.host", check.host, problems);
  needs_http(check, "check.status", check.statuses, problems);
  needs_http(check, "check.body", check.body, problems);
  if (check.kind() != http::CheckKind::kHttp) return;
  if (check.tcp.value) {
    problems.warning(check.tcp.at, "'check.tcp' adds nothing to 'check.http'");
  }
  if (check.tls.value) {
    problems.error(check.tls.at,
                   "'check.tls' does not go with 'check.http', which speaks TLS when "
                   "'tls.enabled' says that requests do");
  }
  if (!check.body.value.empty() && check.method.value == "HEAD") {
    problems.error(check.body.at, "the response to HEAD has no body for 'check.body'");
  }
}

void check_backend(const BackendConfig& backend, Diagnostics& problems) {
  if (backend.hash.at.line != 0 && backend.balance != http::Algorithm::kMaglev) {
    problems.error(backend.hash.at, "'hash.by' has no meaning without balance = \"maglev\"");
  }
  if (backend.outliers.time > backend.outliers.longest) {
    problems.error(backend.at, "'outlier.longest' is below 'outlier.time'");
  }
  check_checks(backend.check, problems);
  const auto& servers = backend.servers;
  if (servers.empty()) return;
  const auto idle = [](const ServerConfig& server) {
    return server.weight == 0 || server.mode != http::ServerMode::kReady;
  };
  if (std::all_of(servers.begin(), servers.end(), idle)) {
    problems.warning(backend.at, "no server of backend " + in_quotes(backend.name.value) +
                                     " is ready and has a weight: every request gets 503");
  }
}

}  // namespace

void check_balancing(const Config& config, Diagnostics& problems) {
  for (const BackendConfig& backend : config.backends) check_backend(backend, problems);
}

}  // namespace sluice::control
