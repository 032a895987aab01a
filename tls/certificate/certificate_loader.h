#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "tls/certificate/certificate.h"
#include "tls/certificate/shared_certificate.h"
#include "tls/openssl_types.h"

namespace sluice::tls {

/// Loads certificates for servers, thousands of them in a second. For one thread.
class CertificateLoader {
 public:
  /// `workers`: how many will show them.
  explicit CertificateLoader(std::uint32_t workers) : workers_(workers) {}

  /// Throws std::runtime_error with a message for the operator (which file, what is wrong with it)
  /// when it cannot be used: unreadable, no certificate, no key, a key that does not belong to the
  /// certificate, a key too weak. Whether it is valid today is for the caller to look at.
  std::shared_ptr<const SharedCertificate> load(const CertificateSource& source);
  /// One to take the place of `present`, from PEM text: certificate, chain and key, or without a
  /// key when the present one belongs to it. Its name stays. Throws likewise.
  std::shared_ptr<const SharedCertificate> read(const SharedCertificate& present,
                                                std::string_view pem);

 private:
  std::shared_ptr<const SharedCertificate> share(Certificate certificate);
  void check_acceptance(const Certificate& certificate);
  std::shared_ptr<const IssuerChain> chain_of(const Certificate& certificate);

  std::uint32_t workers_;
  KeyDecoder decoder_;
  OpenSslPointer<SSL_CTX> judge_;  // takes each certificate in turn, for OpenSSL's own checks
  std::map<std::vector<Der>, std::weak_ptr<const IssuerChain>> chains_;
};

}  // namespace sluice::tls
