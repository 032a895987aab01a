#include <algorithm>
#include <ctime>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include "control/certificates/expiry_watch.h"
#include "control/config/checks.h"
#include "control/config/client_settings.h"
#include "control/config/server_policy.h"

namespace sluice::control {
namespace {

void check_ocsp(const tls::SharedCertificate& certificate, Position at, Diagnostics& problems) {
  std::string problem = certificate.info().ocsp_problem;
  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  if (certificate.ocsp() && !certificate.ocsp()->current(now)) {
    problem = certificate.info().file + ".ocsp: it has expired, or is not valid yet";
  }
  if (!problem.empty()) problems.warning(at, "no OCSP response is stapled: " + problem);
}

void check_expiry(const tls::CertificateInfo& certificate, Position at, Diagnostics& problems) {
  const std::string warning =
      expiry_warning(certificate, static_cast<std::int64_t>(std::time(nullptr)));
  if (!warning.empty()) problems.warning(at, "certificate '" + certificate.file + "' " + warning);
}

// What servers are shown, apart from whom Sluice trusts.
void check_own(const BackendTlsConfig& tls, Diagnostics& problems) {
  if (tls.certificate.value.empty()) return;
  try {
    tls::ClientSettings settings{.verification = tls::Verification::kNone};
    settings.certificate = tls::CertificateSource{tls.certificate.value, {}};
    const tls::ClientContext context(settings);
    const tls::Certificate own = tls::load_certificate(*settings.certificate);
    check_expiry(own.info, tls.certificate.at, problems);
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

// In TLS 1.2 a cipher works with one kind of key only.
bool has_cipher_for(const tls::ServerPolicy& policy, tls::KeyType key) {
  const bool rsa = key == tls::KeyType::kRsa || key == tls::KeyType::kRsaPss;
  const std::string_view mark = rsa ? "-RSA-" : "-ECDSA-";
  return std::any_of(policy.ciphers.begin(), policy.ciphers.end(), [&](const std::string& cipher) {
    return cipher.find(mark) != std::string::npos;
  });
}

void check_ciphers(const tls::ServerPolicy& policy, const tls::CertificateInfo& certificate,
                   Position at, Diagnostics& problems) {
  if (policy.min_version == tls::Version::kTls13) return;
  if (has_cipher_for(policy, certificate.key_type)) return;
  const std::string why = "certificate '" + certificate.file + "' has an " +
                          std::string(name_of(certificate.key_type)) +
                          " key, with which none of 'tls.ciphers' works";
  if (policy.max_version == tls::Version::kTls12) {
    problems.error(at, why);
  } else {
    problems.warning(at, why + ": it is shown in TLS 1.3 alone");
  }
}

void check_client_verification(const FrontendTlsConfig& config, Diagnostics& problems) {
  if (config.client_auth.value == tls::ClientAuth::kNone || config.client_ca.value.empty()) return;
  try {
    (void)tls::ClientVerification(config.client_auth.value, config.client_ca.value,
                                  config.client_crl.value);
  } catch (const std::runtime_error& fault) {
    const std::string message = fault.what();
    const bool list =
        !config.client_crl.value.empty() && message.starts_with(config.client_crl.value + ":");
    problems.error((list ? config.client_crl : config.client_ca).at, message);
  }
}

}  // namespace

void check_certificates(const Config& config, CertificateStore& certificates,
                        Diagnostics& problems) {
  for (const FrontendConfig& frontend : config.frontends) {
    const tls::ServerPolicy policy = server_policy(frontend.tls);
    check_client_verification(frontend.tls, problems);
    for (const auto& path : frontend.certificates) {
      const auto fault = [&](const std::string& message) { problems.error(path.at, message); };
      for (const auto& certificate : certificates.at(path.value, fault)) {
        check_expiry(certificate->info(), path.at, problems);
        check_ocsp(*certificate, path.at, problems);
        check_ciphers(policy, certificate->info(), path.at, problems);
      }
    }
  }
  check_backends(config, problems);
}

}  // namespace sluice::control
