#include "tls/server/server_context.h"

#include <stdexcept>

#include "tls/handshake/context_basics.h"

namespace sluice::tls {
namespace {

constexpr const char* kGroups = "X25519:P-256:P-384";

void set_protocol(SSL_CTX* context) {
  const bool done = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
                    SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
                    SSL_CTX_set_cipher_list(context, kTls12Ciphers) == 1 &&
                    SSL_CTX_set_ciphersuites(context, kTls13Ciphers) == 1 &&
                    SSL_CTX_set1_groups_list(context, kGroups) == 1;
  if (!done) throw std::runtime_error("OpenSSL cannot be set up for TLS: " + take_openssl_error());
}

}  // namespace

OpenSslPointer<SSL_CTX> make_server_context(const SessionTickets& tickets) {
  OpenSslPointer<SSL_CTX> context = make_context(TLS_server_method());
  set_protocol(context.get());
  tickets.use_in(context.get());
  return context;
}

}  // namespace sluice::tls
