#pragma once

#include "tls/certificate/certificate.h"
#include "tls/openssl_types.h"
#include "tls/server/session_tickets.h"

namespace sluice::tls {

/// A context for the server side of TLS 1.2 and 1.3 that shows one certificate, with Mozilla's
/// "intermediate" ciphers and groups (version 5.7, without finite-field DHE), no compression, no
/// renegotiation, no early data, and sessions that are resumed by `tickets`, which outlives the
/// context, always with a new key exchange in TLS 1.3. Holds references of its own to the
/// certificate's parts. Throws std::runtime_error with a message for the operator when OpenSSL does
/// not take the certificate (a key too weak, ...).
OpenSslPointer<SSL_CTX> make_server_context(const Certificate& certificate,
                                            const SessionTickets& tickets);

}  // namespace sluice::tls
