#include <openssl/crypto.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "control/config/checks.h"
#include "control/config/server_policy.h"
#include "control/config/suggestion.h"
#include "control/config/wording.h"

namespace sluice::control {
namespace {

using Names = std::vector<Located<std::string>>;

class TlsCheck {
 public:
  TlsCheck(const FrontendConfig& frontend, Diagnostics& problems)
      : frontend_(frontend), tls_(frontend.tls), problems_(problems) {}

  void run() {
    if (frontend_.certificates.empty()) return check_absence();
    check_names("tls.ciphers", "cipher of TLS 1.2", tls_.ciphers, tls::tls12_ciphers());
    check_names("tls.ciphersuites", "cipher of TLS 1.3", tls_.ciphersuites,
                tls::tls13_ciphersuites());
    check_names("tls.groups", "group", tls_.groups, tls::key_exchange_groups());
    check_library();
    check_versions();
    check_client_certificates();
  }

 private:
  // A key that was given means nothing without a certificate.
  void check_absence() {
    absent("tls.strict_sni", frontend_.strict_sni.at);
    absent("tls.policy", tls_.policy.at);
    absent("tls.min_version", tls_.min_version.at);
    absent("tls.max_version", tls_.max_version.at);
    absent("tls.ciphers", first(tls_.ciphers));
    absent("tls.ciphersuites", first(tls_.ciphersuites));
    absent("tls.groups", first(tls_.groups));
    absent("tls.prefer_server_ciphers", tls_.prefer_server_ciphers.at);
    absent("tls.client_auth", tls_.client_auth.at);
    absent("tls.client_ca", tls_.client_ca.at);
    absent("tls.client_crl", tls_.client_crl.at);
  }

  void absent(std::string_view key, Position at) {
    if (at.line == 0) return;
    problems_.error(at, in_quotes(key) + " has no meaning without 'tls.certificate'");
  }

  static Position first(const Names& names) {
    return names.empty() ? Position{} : names.front().at;
  }

  void check_names(std::string_view key, std::string_view what, const Names& names,
                   std::span<const std::string> known) {
    for (const auto& name : names) {
      if (std::find(known.begin(), known.end(), name.value) != known.end()) continue;
      const std::string advice = did_you_mean(name.value, known);
      problems_.error(name.at, in_quotes(key) + ": Sluice has no " + std::string(what) + " " +
                                   in_quotes(name.value) +
                                   (advice.empty() ? "; it has " + listed(known) : advice));
    }
  }

  static std::string listed(std::span<const std::string> names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
  }

  void check_library() {
    const auto known = tls::key_exchange_groups();
    for (const auto& name : tls_.groups) {
      if (std::find(known.begin(), known.end(), name.value) == known.end()) continue;
      if (tls::library_has_group(name.value)) continue;
      problems_.error(name.at, "'tls.groups': this machine's OpenSSL (" +
                                   std::string(OpenSSL_version(OPENSSL_VERSION_STRING)) +
                                   ") has no group " + in_quotes(name.value) +
                                   "; OpenSSL has it from 3.5 on");
    }
  }

  void check_versions() {
    const tls::ServerPolicy policy = server_policy(tls_);
    if (policy.min_version > policy.max_version) {
      const bool below = tls_.max_version.at.line != 0;
      problems_.error(below ? tls_.max_version.at : tls_.min_version.at,
                      "no version of TLS is left: the lowest is 1.3, the highest 1.2");
      return;
    }
    if (policy.min_version == tls::Version::kTls13) unused("tls.ciphers", tls_.ciphers, "1.2");
    if (policy.max_version == tls::Version::kTls12) {
      unused("tls.ciphersuites", tls_.ciphersuites, "1.3");
    }
  }

  void check_client_certificates() {
    if (tls_.client_auth.value != tls::ClientAuth::kNone) {
      if (!tls_.client_ca.value.empty()) return;
      problems_.error(tls_.client_auth.at,
                      "'tls.client_auth' needs 'tls.client_ca', a file with those who vouch for "
                      "clients");
      return;
    }
    for (const auto& [key, path] : {std::pair("tls.client_ca", tls_.client_ca),
                                    std::pair("tls.client_crl", tls_.client_crl)}) {
      if (path.value.empty()) continue;
      problems_.error(path.at, in_quotes(key) +
                                   " has no meaning unless 'tls.client_auth' is 'optional' or "
                                   "'required'");
    }
  }

  void unused(std::string_view key, const Names& names, std::string_view version) {
    if (names.empty()) return;
    problems_.error(names.front().at, in_quotes(key) + " has no meaning here: TLS " +
                                          std::string(version) + " is not offered");
  }

  const FrontendConfig& frontend_;
  const FrontendTlsConfig& tls_;
  Diagnostics& problems_;
};

}  // namespace

void check_tls(const Config& config, Diagnostics& problems) {
  for (const FrontendConfig& frontend : config.frontends) TlsCheck(frontend, problems).run();
}

}  // namespace sluice::control
