#include <ctime>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "control/config/checks.h"
#include "control/config/client_settings.h"
#include "tls/server/server_identity.h"

namespace sluice::control {
namespace {

constexpr std::int64_t kDay = 86400;
constexpr std::int64_t kWarnBefore = 14 * kDay;

std::string days(std::int64_t number) {
  return std::to_string(number) + (number == 1 ? " day" : " days");
}

void check_expiry(const std::string& file, std::int64_t not_after, Position at,
                  Diagnostics& problems) {
  const std::int64_t left = not_after - static_cast<std::int64_t>(std::time(nullptr));
  if (left > kWarnBefore) return;
  problems.warning(
      at, "certificate '" + file +
              (left < 0 ? "' has expired" : "' expires within " + days((left + kDay - 1) / kDay)));
}

// One at a time, so that each fault is shown at the path that has it.
void check_path(const Located<std::string>& path, Diagnostics& problems) {
  try {
    for (const tls::CertificateSource& source : tls::find_certificates(path.value)) {
      try {
        const tls::ServerIdentity identity(std::vector{source}, {});
        for (const auto& certificate : identity.certificates()) {
          check_expiry(certificate.file, certificate.not_after, path.at, problems);
        }
      } catch (const std::runtime_error& fault) {
        problems.error(path.at, fault.what());
      }
    }
  } catch (const std::runtime_error& fault) {
    problems.error(path.at, fault.what());
  }
}

// What servers are shown, apart from whom Sluice trusts.
void check_own(const BackendTlsConfig& tls, Diagnostics& problems) {
  if (tls.certificate.value.empty()) return;
  try {
    tls::ClientSettings settings{.verification = tls::Verification::kNone};
    settings.certificate = tls::CertificateSource{tls.certificate.value, {}};
    const tls::ClientContext context(settings);
    const tls::Certificate own = tls::load_certificate(*settings.certificate);
    check_expiry(own.file, own.not_after, tls.certificate.at, problems);
  } catch (const std::runtime_error& fault) {
    problems.error(tls.certificate.at, fault.what());
  }
}

void check_authorities(const BackendTlsConfig& tls, Diagnostics& problems) {
  const bool named = !tls.authorities.value.empty();
  try {
    BackendTlsConfig others = tls;
    others.certificate = {};
    const tls::ClientContext context(client_settings(others));
  } catch (const std::runtime_error& fault) {
    problems.error(named ? tls.authorities.at : tls.enabled.at, fault.what());
  }
}

// Large files of authorities take long to read, and are often the same.
void check_backends(const Config& config, Diagnostics& problems) {
  std::set<std::string> seen;
  for (const BackendConfig& backend : config.backends) {
    if (!backend.tls.enabled.value) continue;
    check_own(backend.tls, problems);
    const bool verified = backend.tls.verify.value == tls::Verification::kAuthority;
    if (verified && seen.insert(backend.tls.authorities.value).second) {
      check_authorities(backend.tls, problems);
    }
  }
}

}  // namespace

void check_certificates(const Config& config, Diagnostics& problems) {
  for (const FrontendConfig& frontend : config.frontends) {
    for (const auto& path : frontend.certificates) check_path(path, problems);
  }
  check_backends(config, problems);
}

}  // namespace sluice::control
