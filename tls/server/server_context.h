#pragma once

#include "tls/openssl_types.h"
#include "tls/server/client_verification.h"
#include "tls/server/server_policy.h"
#include "tls/server/session_tickets.h"

namespace sluice::tls {

/// A context for the server side of TLS 1.2 and 1.3, with what a policy allows, clients verified as
/// `clients` says (null: not at all), no compression, no renegotiation, no early data, and sessions
/// that are resumed by `tickets`, which outlives the context, always with a new key exchange in TLS
/// 1.3. It has no certificate yet. Throws std::runtime_error when OpenSSL cannot be set up so.
OpenSslPointer<SSL_CTX> make_server_context(const ServerPolicy& policy,
                                            const ClientVerification* clients,
                                            const SessionTickets& tickets);

}  // namespace sluice::tls
