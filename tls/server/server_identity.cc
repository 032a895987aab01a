#include "tls/server/server_identity.h"

#include <openssl/ssl.h>

#include <cstddef>
#include <stdexcept>
#include <string_view>

#include "tls/certificate/name_index.h"
#include "tls/handshake/alpn.h"
#include "tls/handshake/key_log_ring.h"
#include "tls/server/server_context.h"

namespace sluice::tls {

struct ServerIdentity::State {
  explicit State(const TicketOptions& options) : tickets(options) {}

  SessionTickets tickets;                         // outlives the contexts
  std::vector<OpenSslPointer<SSL_CTX>> contexts;  // one for each certificate
  std::vector<CertificateInfo> certificates;      // the same order
  NameIndex names;                                // to an index into both
  std::vector<unsigned char> alpn;                // as on the wire (RFC 7301 section 3.1)
  bool strict_sni = false;

  void add(const CertificateSource& source, const IdentityOptions& options);
  int choose_certificate(SSL* ssl, int* alert) const;
};

namespace {

// An offer without a protocol of ours is refused (RFC 7301 section 3.2), never answered in a
// protocol that the client did not offer.
int choose_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offer, unsigned offer_size, void* argument) {
  const auto& own = *static_cast<const std::vector<unsigned char>*>(argument);
  unsigned char* chosen = nullptr;
  const int result = SSL_select_next_proto(&chosen, out_size, own.data(),
                                           static_cast<unsigned>(own.size()), offer, offer_size);
  if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

// Runs in every handshake, also when the client asks for no name.
int ServerIdentity::State::choose_certificate(SSL* ssl, int* alert) const {
  const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const auto found = names.find(asked == nullptr ? std::string_view() : std::string_view(asked));
  if (!found) {
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return strict_sni ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK;
  }
  SSL_CTX* context = contexts[*found].get();
  if (context != SSL_get_SSL_CTX(ssl) && SSL_set_SSL_CTX(ssl, context) == nullptr) {
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  return SSL_TLSEXT_ERR_OK;
}

void ServerIdentity::State::add(const CertificateSource& source, const IdentityOptions& options) {
  Certificate certificate = load_certificate(source);
  OpenSslPointer<SSL_CTX> context = make_server_context(certificate, tickets);
  if (!alpn.empty()) SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, &alpn);
  if (options.key_log != nullptr) log_keys(context.get(), *options.key_log);
  for (const std::string& name : certificate.dns_names) names.add(name, contexts.size());
  contexts.push_back(std::move(context));
  certificates.push_back({std::move(certificate.file), std::move(certificate.names),
                          certificate.not_before, certificate.not_after});
}

ServerIdentity::ServerIdentity(std::span<const CertificateSource> certificates,
                               const IdentityOptions& options)
    : state_(std::make_shared<State>(options.tickets)) {
  if (certificates.empty()) throw std::runtime_error("TLS needs at least one certificate");
  state_->alpn = encode_alpn(options.alpn);
  state_->strict_sni = options.strict_sni;
  for (const CertificateSource& source : certificates) state_->add(source, options);

  SSL_CTX* first = state_->contexts.front().get();
  int (*const choose)(SSL*, int*, void*) = [](SSL* ssl, int* alert, void* state) {
    return static_cast<const State*>(state)->choose_certificate(ssl, alert);
  };
  SSL_CTX_set_tlsext_servername_callback(first, choose);
  SSL_CTX_set_tlsext_servername_arg(first, state_.get());
}

ServerIdentity::~ServerIdentity() = default;

std::shared_ptr<SSL_CTX> ServerIdentity::context() const {
  return {state_, state_->contexts.front().get()};
}

const std::vector<ServerIdentity::CertificateInfo>& ServerIdentity::certificates() const {
  return state_->certificates;
}

}  // namespace sluice::tls
