#include "tls/server_context.h"

#include <openssl/err.h>

#include <stdexcept>
#include <string_view>

namespace sluice::tls {
namespace {

// 112 bits of security: RSA from 2048 bits, SHA-2 signatures. Set here so that it does not depend
// on how the library was built.
constexpr int kSecurityLevel = 2;

constexpr const char* kTls12Ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kTls13Ciphers =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384";

// The same for all contexts, so that a session survives the change from one to another by SNI.
constexpr std::string_view kSessionContext = "sluice";

void set_protocol(SSL_CTX* context, unsigned tickets) {
  SSL_CTX_set_security_level(context, kSecurityLevel);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  // No auto chain: OpenSSL would otherwise look for issuers anew in each handshake.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  const bool done = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
                    SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
                    SSL_CTX_set_cipher_list(context, kTls12Ciphers) == 1 &&
                    SSL_CTX_set_ciphersuites(context, kTls13Ciphers) == 1 &&
                    SSL_CTX_set1_groups_list(context, kGroups) == 1 &&
                    SSL_CTX_set_num_tickets(context, tickets) == 1 &&
                    SSL_CTX_set_session_id_context(
                        context, reinterpret_cast<const unsigned char*>(kSessionContext.data()),
                        static_cast<unsigned>(kSessionContext.size())) == 1;
  if (!done) throw std::runtime_error("OpenSSL cannot be set up for TLS: " + take_openssl_error());
}

void use_certificate(SSL_CTX* context, const Certificate& certificate) {
  bool done = SSL_CTX_use_certificate(context, certificate.leaf.get()) == 1 &&
              SSL_CTX_use_PrivateKey(context, certificate.key.get()) == 1;
  for (const auto& issuer : certificate.chain) {
    done = done && SSL_CTX_add1_chain_cert(context, issuer.get()) == 1;
  }
  if (!done) {
    throw std::runtime_error(certificate.file +
                             ": OpenSSL does not accept the certificate: " + take_openssl_error());
  }
}

}  // namespace

OpenSslPointer<SSL_CTX> make_server_context(const Certificate& certificate, unsigned tickets) {
  ERR_clear_error();
  OpenSslPointer<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
  if (!context) {
    throw std::runtime_error("OpenSSL has no TLS server: " + take_openssl_error());
  }
  set_protocol(context.get(), tickets);
  use_certificate(context.get(), certificate);
  return context;
}

}  // namespace sluice::tls
