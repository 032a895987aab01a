#include "tls/handshake/context_basics.h"

#include <openssl/err.h>

#include <stdexcept>

#include "tls/handshake/key_derivation_provider.h"

namespace sluice::tls {
namespace {

// 112 bits of security: RSA from 2048 bits, SHA-2 signatures. Set here so that it does not depend
// on how the library was built.
constexpr int kSecurityLevel = 2;

}  // namespace

OpenSslPointer<SSL_CTX> make_context(const SSL_METHOD* method, OSSL_LIB_CTX* library) {
  if (library == nullptr) static const KeyDerivationProvider in_process(nullptr);
  ERR_clear_error();
  OpenSslPointer<SSL_CTX> context(
      SSL_CTX_new_ex(library, KeyDerivationProvider::kPreference, method));
  if (!context) throw std::runtime_error("OpenSSL has no TLS: " + take_openssl_error());
  SSL_CTX_set_security_level(context.get(), kSecurityLevel);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  // No auto chain: OpenSSL would otherwise look for issuers anew in each handshake.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  return context;
}

void use_certificate(SSL_CTX* context, const Certificate& certificate) {
  const OpenSslPointer<STACK_OF(X509)> chain(sk_X509_new_null());
  bool done = chain != nullptr;
  for (const auto& issuer : certificate.chain) {
    done = done && sk_X509_push(chain.get(), issuer.get()) > 0;
  }
  constexpr int kReplace = 1;
  done = done && SSL_CTX_use_cert_and_key(context, certificate.leaf.get(), certificate.key.get(),
                                          chain.get(), kReplace) == 1;
  if (!done) {
    throw std::runtime_error(certificate.info.file +
                             ": OpenSSL does not accept the certificate: " + take_openssl_error());
  }
}

}  // namespace sluice::tls
