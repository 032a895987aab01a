#include "tls/certificate/shared_certificate.h"

#include <openssl/err.h>

#include <new>
#include <utility>

namespace sluice::tls {
namespace {

OpenSslPointer<X509> parse(const Der& der) {
  const unsigned char* at = der.data();
  return OpenSslPointer<X509>(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
}

CertificateStack parse_all(const std::vector<Der>& certificates) {
  CertificateStack stack(sk_X509_new_reserve(nullptr, static_cast<int>(certificates.size())));
  if (!stack) return nullptr;
  for (const Der& der : certificates) {
    OpenSslPointer<X509> certificate = parse(der);
    if (!certificate) return nullptr;
    sk_X509_push(stack.get(), certificate.release());  // there is room
  }
  return stack;
}

}  // namespace

STACK_OF(X509) * IssuerChain::for_worker(std::uint32_t worker) const {
  CertificateStack& own = made_[worker];
  if (!own) own = parse_all(certificates_);
  return own.get();
}

SharedCertificate::SharedCertificate(Certificate certificate,
                                     std::shared_ptr<const IssuerChain> chain,
                                     std::uint32_t workers)
    : info_(std::move(certificate.info)),
      leaf_(der_of(certificate.leaf.get())),
      key_(std::move(certificate.key_der)),
      chain_(std::move(chain)),
      ocsp_(std::move(certificate.ocsp)),
      made_(workers) {}

const SharedCertificate::Made* SharedCertificate::for_worker(std::uint32_t worker) const {
  std::unique_ptr<Made>& own = made_[worker];
  if (!own) {
    own = make(worker);
    ERR_clear_error();
  }
  return own.get();
}

std::unique_ptr<SharedCertificate::Made> SharedCertificate::make(std::uint32_t worker) const {
  OpenSslPointer<X509> leaf = parse(leaf_);
  const unsigned char* at = key_.view().data();
  OpenSslPointer<EVP_PKEY> key(
      d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(key_.view().size())));
  STACK_OF(X509)* chain = chain_->for_worker(worker);
  if (!leaf || !key || chain == nullptr) return nullptr;
  return std::unique_ptr<Made>(new (std::nothrow) Made{std::move(leaf), std::move(key), chain});
}

namespace {

Der take_der(unsigned char* bytes, int size) {
  if (size < 0) throw std::bad_alloc();
  Der der(bytes, bytes + size);
  OPENSSL_free(bytes);
  return der;
}

}  // namespace

Der der_of(const X509* certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate, &bytes);
  return take_der(bytes, size);
}

Der der_of(const X509_CRL* list) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509_CRL(list, &bytes);
  return take_der(bytes, size);
}

}  // namespace sluice::tls
