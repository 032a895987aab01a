#include <ctime>
#include <stdexcept>
#include <string>
#include <vector>

#include "control/config/checks.h"
#include "tls/server/server_identity.h"

namespace sluice::control {
namespace {

constexpr std::int64_t kDay = 86400;
constexpr std::int64_t kWarnBefore = 14 * kDay;

std::string days(std::int64_t number) {
  return std::to_string(number) + (number == 1 ? " day" : " days");
}

void check_expiry(const tls::ServerIdentity::CertificateInfo& certificate, Position at,
                  Diagnostics& problems) {
  const std::int64_t left = certificate.not_after - static_cast<std::int64_t>(std::time(nullptr));
  if (left > kWarnBefore) return;
  problems.warning(
      at, "certificate '" + certificate.file +
              (left < 0 ? "' has expired" : "' expires within " + days((left + kDay - 1) / kDay)));
}

// One at a time, so that each fault is shown at the path that has it.
void check_path(const Located<std::string>& path, Diagnostics& problems) {
  try {
    for (const tls::CertificateSource& source : tls::find_certificates(path.value)) {
      try {
        const tls::ServerIdentity identity(std::vector{source}, {});
        for (const auto& certificate : identity.certificates()) {
          check_expiry(certificate, path.at, problems);
        }
      } catch (const std::runtime_error& fault) {
        problems.error(path.at, fault.what());
      }
    }
  } catch (const std::runtime_error& fault) {
    problems.error(path.at, fault.what());
  }
}

}  // namespace

void check_certificates(const Config& config, Diagnostics& problems) {
  for (const FrontendConfig& frontend : config.frontends) {
    for (const auto& path : frontend.certificates) check_path(path, problems);
  }
}

}  // namespace sluice::control
