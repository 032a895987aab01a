#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "tls/certificate/certificate.h"
#include "tls/certificate/ocsp_response.h"
#include "tls/certificate/secret_bytes.h"
#include "tls/openssl_types.h"

namespace sluice::tls {

using Der = std::vector<std::uint8_t>;

struct CertificateStackDeleter {
  void operator()(STACK_OF(X509) * certificates) const {
    sk_X509_pop_free(certificates, X509_free);
  }
};
/// Certificates and the references to them.
using CertificateStack = std::unique_ptr<STACK_OF(X509), CertificateStackDeleter>;

/// The issuers that are sent behind a certificate; many certificates have the same. Kept like
/// SharedCertificate.
class IssuerChain {
 public:
  IssuerChain(std::vector<Der> certificates, std::uint32_t workers)
      : certificates_(std::move(certificates)), made_(workers) {}

  [[nodiscard]] const std::vector<Der>& certificates() const { return certificates_; }
  /// A worker's own objects, made at its first call; nullptr when there is no memory.
  [[nodiscard]] STACK_OF(X509) * for_worker(std::uint32_t worker) const;

 private:
  std::vector<Der> certificates_;
  mutable std::vector<CertificateStack> made_;
};

/// A server's certificate with its chain and key, which never changes: bytes that all workers read.
/// OpenSSL's objects have counters of references and locks of their own, which workers would fight
/// for, and take ten times the room; so each worker makes its own of them, when a client first asks
/// for the certificate.
class SharedCertificate {
 public:
  /// OpenSSL's objects of one worker.
  struct Made {
    OpenSslPointer<X509> leaf;
    OpenSslPointer<EVP_PKEY> key;
    STACK_OF(X509) * chain;  // the chain's
  };

  /// `certificate` is one that OpenSSL has taken, and its chain is `chain`. `workers`: how many
  /// there are.
  SharedCertificate(Certificate certificate, std::shared_ptr<const IssuerChain> chain,
                    std::uint32_t workers);

  [[nodiscard]] const CertificateInfo& info() const { return info_; }
  [[nodiscard]] const Der& leaf() const { return leaf_; }
  [[nodiscard]] const SecretBytes& key() const { return key_; }
  [[nodiscard]] const IssuerChain& chain() const { return *chain_; }
  /// What to staple, while it is current; nothing when there is none.
  [[nodiscard]] const std::optional<OcspResponse>& ocsp() const { return ocsp_; }

  /// A worker's own objects, made at its first call; nullptr when there is no memory. Called by
  /// that worker only.
  [[nodiscard]] const Made* for_worker(std::uint32_t worker) const;

 private:
  [[nodiscard]] std::unique_ptr<Made> make(std::uint32_t worker) const;

  CertificateInfo info_;
  Der leaf_;
  SecretBytes key_;
  std::shared_ptr<const IssuerChain> chain_;
  std::optional<OcspResponse> ocsp_;
  mutable std::vector<std::unique_ptr<Made>> made_;
};

/// A certificate, or a list of revoked ones, in DER.
Der der_of(const X509* certificate);
Der der_of(const X509_CRL* list);

}  // namespace sluice::tls
