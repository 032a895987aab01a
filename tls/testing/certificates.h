#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tls/openssl_types.h"

namespace sluice::tls::testing {

struct CertificateRequest {
  std::vector<std::string> dns_names = {};
  std::vector<std::string> ip_addresses = {};
  std::string common_name = "test";
  unsigned rsa_bits = 0;        ///< 0: an ECDSA key
  const char* curve = "P-256";  ///< of an ECDSA key
  long expires_in = 86400;      ///< seconds from now; negative: it has expired
};

/// A certificate and its key, each as a PEM block.
struct IssuedCertificate {
  std::string certificate;
  std::string key;
  long serial = 0;
  [[nodiscard]] std::string both() const { return certificate + key; }
};

/// A certificate authority that lives for a test. Throws std::runtime_error when OpenSSL fails.
class CertificateAuthority {
 public:
  CertificateAuthority();

  /// Its own certificate, PEM.
  [[nodiscard]] const std::string& certificate() const { return pem_; }
  /// A certificate that is valid for a day and a minute before it expires.
  [[nodiscard]] IssuedCertificate issue(const CertificateRequest& request);
  /// A list of revoked certificates by their serial numbers, PEM, that is valid for a day.
  [[nodiscard]] std::string revocation_list(const std::vector<long>& serials) const;
  /// An OCSP response (DER) that says this of one of its certificates (PEM): V_OCSP_CERTSTATUS_...,
  /// from and until so many seconds from now.
  [[nodiscard]] std::vector<std::uint8_t> ocsp_response(const std::string& certificate, int status,
                                                        long from = -60, long until = 3600) const;

 private:
  OpenSslPointer<EVP_PKEY> key_;
  OpenSslPointer<X509> certificate_;
  std::string pem_;
  long next_serial_ = 2;
};

/// A private key in the form before PKCS #8 ("EC PRIVATE KEY", "RSA PRIVATE KEY").
std::string traditional_key(const std::string& key);

/// A private key under a pass phrase, as PEM: PKCS #8, or in the old form with "Proc-Type".
std::string encrypted_key(const std::string& key, bool old_form);

}  // namespace sluice::tls::testing
