#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

#include "control/config/checks.h"
#include "control/config/wording.h"

namespace sluice::control {
namespace {

template <typename T>
bool given(const Located<T>& key) {
  return key.at.line != 0;
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 &&
         std::all_of(label.begin(), label.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; });
}

// As certificates have them: without a dot at the end (RFC 6066 section 3).
bool is_host_name(std::string_view name) {
  if (name.size() > 253) return false;
  for (;;) {
    const std::size_t dot = name.find('.');
    if (!is_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

void check_name(const Located<std::string>& name, Diagnostics& problems) {
  if (!given(name) || name.value.empty()) return;
  if (is_host_name(name.value) || wire::IpAddress::parse(name.value)) return;
  problems.error(name.at,
                 "'tls.server_name' must be a host name such as \"web.example.com\" or an IP "
                 "address, without a port, not \"" +
                     name.value + "\"");
}

// A key that asks for TLS where there is none would be a trap. With `enabled = false` it is said.
void check_enabled(const BackendConfig& backend, Diagnostics& problems) {
  const BackendTlsConfig& tls = backend.tls;
  if (given(tls.enabled)) return;
  const auto need_it = [&](const auto& key, std::string_view name) {
    if (!given(key)) return;
    problems.error(key.at, in_quotes(name) + " has no meaning without 'tls.enabled = true'");
  };
  need_it(tls.verify, "tls.verify");
  need_it(tls.authorities, "tls.authorities");
  need_it(tls.server_name, "tls.server_name");
  need_it(tls.certificate, "tls.certificate");
  need_it(tls.min_version, "tls.min_version");
  for (const ServerConfig& server : backend.servers) {
    if (!given(server.tls_server_name)) continue;
    problems.error(server.tls_server_name.at,
                   "'tls.server_name' has no meaning without 'tls.enabled = true' in the backend");
  }
}

}  // namespace

void check_backend_tls(const Config& config, Diagnostics& problems) {
  for (const BackendConfig& backend : config.backends) {
    check_enabled(backend, problems);
    check_name(backend.tls.server_name, problems);
    for (const ServerConfig& server : backend.servers) {
      check_name(server.tls_server_name, problems);
    }
    const bool verified = backend.tls.verify.value == tls::Verification::kAuthority;
    if (!verified && given(backend.tls.authorities)) {
      problems.error(backend.tls.authorities.at,
                     "'tls.authorities' has no meaning with 'tls.verify = \"none\"'");
    }
  }
}

}  // namespace sluice::control
