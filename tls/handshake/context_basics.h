#pragma once

#include "tls/certificate/certificate.h"
#include "tls/openssl_types.h"

namespace sluice::tls {

/// Mozilla's "intermediate" ciphers (version 5.7, without finite-field DHE): all are AEAD with
/// forward secrecy.
inline constexpr const char* kTls12Ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
inline constexpr const char* kTls13Ciphers =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

/// A context with what holds in both roles: 112 bits of security, no compression, no
/// renegotiation, buffers released while they are empty, chains sent as they are given. Algorithms
/// come from `library`, which outlives it; null is the process's own. Throws std::runtime_error
/// when OpenSSL does not have the method (TLS_server_method(), ...).
OpenSslPointer<SSL_CTX> make_context(const SSL_METHOD* method, OSSL_LIB_CTX* library = nullptr);

/// Shows a certificate with its chain, and proves with its key that it is one's own; takes the
/// place of one with the same type of key. The context holds references of its own. Throws
/// std::runtime_error with a message for the operator when OpenSSL does not take it (a key too
/// weak, ...).
void use_certificate(SSL_CTX* context, const Certificate& certificate);

}  // namespace sluice::tls
