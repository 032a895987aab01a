#include "control/config/server_policy.h"

namespace sluice::control {
namespace {

void take(const std::vector<Located<std::string>>& given, std::vector<std::string>& into) {
  if (given.empty()) return;
  into.clear();
  for (const auto& name : given) into.push_back(name.value);
}

}  // namespace

tls::ServerPolicy server_policy(const FrontendTlsConfig& config) {
  tls::ServerPolicy policy =
      config.policy.value == TlsPolicy::kModern ? tls::modern_policy() : tls::intermediate_policy();
  if (config.min_version.value) policy.min_version = *config.min_version.value;
  if (config.max_version.value) policy.max_version = *config.max_version.value;
  take(config.ciphers, policy.ciphers);
  take(config.ciphersuites, policy.ciphersuites);
  take(config.groups, policy.groups);
  policy.prefer_own_order = config.prefer_server_ciphers.value;
  return policy;
}

}  // namespace sluice::control
