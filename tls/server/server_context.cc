#include "tls/server/server_context.h"

#include <stdexcept>
#include <string_view>

#include "tls/handshake/context_basics.h"

namespace sluice::tls {
namespace {

constexpr const char* kGroups = "X25519:P-256:P-384";

// The same for all contexts, so that a session survives the change from one to another by SNI.
constexpr std::string_view kSessionContext = "sluice";

void set_protocol(SSL_CTX* context, unsigned tickets) {
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

}  // namespace

OpenSslPointer<SSL_CTX> make_server_context(const Certificate& certificate, unsigned tickets) {
  OpenSslPointer<SSL_CTX> context = make_context(TLS_server_method());
  set_protocol(context.get(), tickets);
  use_certificate(context.get(), certificate);
  return context;
}

}  // namespace sluice::tls
