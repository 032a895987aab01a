#include "control/config/client_settings.h"

#include <filesystem>
#include <stdexcept>
#include <string>

namespace sluice::control {
namespace {

// Where Debian's ca-certificates puts the authorities that the world trusts.
constexpr const char* kSystemAuthorities = "/etc/ssl/certs/ca-certificates.crt";

std::string authorities_of(const BackendTlsConfig& config) {
  if (!config.authorities.value.empty()) return config.authorities.value;
  std::error_code failed;
  if (std::filesystem::exists(kSystemAuthorities, failed)) return kSystemAuthorities;
  throw std::runtime_error(std::string("this system has no authorities to trust (") +
                           kSystemAuthorities +
                           ", of the package ca-certificates): 'tls.authorities' must name a file");
}

}  // namespace

tls::ClientSettings client_settings(const BackendTlsConfig& config) {
  tls::ClientSettings settings;
  settings.min_version = config.min_version.value;
  settings.verification = config.verify.value;
  if (settings.verification == tls::Verification::kAuthority) {
    settings.authorities = authorities_of(config);
  }
  if (!config.certificate.value.empty()) {
    settings.certificate = tls::CertificateSource{config.certificate.value, {}};
  }
  return settings;
}

}  // namespace sluice::control
