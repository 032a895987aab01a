#include "tls/server/server_policy.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>

#include "tls/openssl_types.h"

namespace sluice::tls {
namespace {

constexpr const char* kHybrid = "X25519MLKEM768";

std::vector<std::string> all_of(std::span<const std::string> names) {
  return {names.begin(), names.end()};
}

std::vector<std::string> default_groups() {
  static const bool has_hybrid = library_has_group(kHybrid);
  std::vector<std::string> groups = {"X25519", "P-256", "P-384"};
  if (has_hybrid) groups.insert(groups.begin(), kHybrid);
  return groups;
}

}  // namespace

ServerPolicy intermediate_policy() {
  return {.ciphers = all_of(tls12_ciphers()),
          .ciphersuites = all_of(tls13_ciphersuites()),
          .groups = default_groups()};
}

ServerPolicy modern_policy() {
  ServerPolicy policy = intermediate_policy();
  policy.min_version = Version::kTls13;
  return policy;
}

std::span<const std::string> tls12_ciphers() {
  static const std::array<std::string, 6> kNames{
      "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
      "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
      "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"};
  return kNames;
}

std::span<const std::string> tls13_ciphersuites() {
  static const std::array<std::string, 3> kNames{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                                 "TLS_CHACHA20_POLY1305_SHA256"};
  return kNames;
}

std::span<const std::string> key_exchange_groups() {
  static const std::array<std::string, 12> kNames{kHybrid,
                                                  "SecP256r1MLKEM768",
                                                  "SecP384r1MLKEM1024",
                                                  "X25519",
                                                  "P-256",
                                                  "secp256r1",
                                                  "P-384",
                                                  "secp384r1",
                                                  "P-521",
                                                  "secp521r1",
                                                  "X448",
                                                  "prime256v1"};
  return kNames;
}

bool library_has_group(std::string_view name) {
  const OpenSslPointer<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
  const bool has =
      context && SSL_CTX_set1_groups_list(context.get(), std::string(name).c_str()) == 1;
  ERR_clear_error();
  return has;
}

}  // namespace sluice::tls
