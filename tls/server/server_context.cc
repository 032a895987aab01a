#include "tls/server/server_context.h"

#include <stdexcept>
#include <string>
#include <vector>

#include "tls/handshake/context_basics.h"

namespace sluice::tls {
namespace {

std::string with_colons(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ":") + name;
  return list;
}

void set_up(bool done) {
  if (!done) throw std::runtime_error("OpenSSL cannot be set up for TLS: " + take_openssl_error());
}

void set_policy(SSL_CTX* context, const ServerPolicy& policy) {
  set_up(SSL_CTX_set_min_proto_version(context, static_cast<int>(policy.min_version)) == 1 &&
         SSL_CTX_set_max_proto_version(context, static_cast<int>(policy.max_version)) == 1 &&
         SSL_CTX_set_cipher_list(context, with_colons(policy.ciphers).c_str()) == 1 &&
         SSL_CTX_set_ciphersuites(context, with_colons(policy.ciphersuites).c_str()) == 1 &&
         SSL_CTX_set1_groups_list(context, with_colons(policy.groups).c_str()) == 1);
  if (policy.prefer_own_order) {
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  }
}

}  // namespace

OpenSslPointer<SSL_CTX> make_server_context(const ServerPolicy& policy,
                                            const ClientVerification* clients,
                                            const SessionTickets& tickets) {
  OpenSslPointer<SSL_CTX> context = make_context(TLS_server_method());
  set_policy(context.get(), policy);
  tickets.use_in(context.get());
  if (clients != nullptr) clients->apply(context.get());
  return context;
}

}  // namespace sluice::tls
