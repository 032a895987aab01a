#include "tls/server/server_identity.h"

#include <openssl/ssl.h>

#include <ctime>
#include <string_view>
#include <utility>

#include "tls/handshake/alpn.h"
#include "tls/handshake/key_log_ring.h"
#include "tls/server/certificate_choice.h"
#include "tls/server/server_context.h"

namespace sluice::tls {

struct ServerIdentity::State {
  explicit State(const TicketOptions& options) : tickets(options) {}

  std::shared_ptr<const CertificateSet> certificates;
  SessionTickets tickets;  // outlives the context
  OpenSslPointer<SSL_CTX> context;
  std::vector<unsigned char> alpn;  // as on the wire (RFC 7301 section 3.1)
  std::uint32_t worker = 0;
  bool strict_sni = false;

  int check_name(SSL* ssl, int* alert) const;
  [[nodiscard]] bool show_certificate(SSL* ssl) const;
  static int confirm_staple(SSL* ssl, void* none);
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

// OpenSSL frees what it is given with the SSL.
void staple(SSL* ssl, const OcspResponse& response) {
  if (SSL_get_tlsext_status_type(ssl) != TLSEXT_STATUSTYPE_ocsp) return;
  if (!response.current(static_cast<std::int64_t>(std::time(nullptr)))) return;
  void* copy = OPENSSL_memdup(response.der.data(), response.der.size());
  if (copy == nullptr) return;
  SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(response.der.size()));
}

}  // namespace

// Runs in every handshake, also when the client asks for no name.
int ServerIdentity::State::check_name(SSL* ssl, int* alert) const {
  const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (certificates->find(asked == nullptr ? std::string_view() : asked).any()) {
    return SSL_TLSEXT_ERR_OK;
  }
  *alert = SSL_AD_UNRECOGNIZED_NAME;
  return strict_sni ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK;
}

// Runs in full handshakes only: a resumed one needs no certificate.
bool ServerIdentity::State::show_certificate(SSL* ssl) const {
  const SharedCertificate& chosen = choose_certificate(ssl, *certificates);
  const SharedCertificate::Made* made = chosen.for_worker(worker);
  constexpr int kReplace = 1;
  if (made == nullptr ||
      SSL_use_cert_and_key(ssl, made->leaf.get(), made->key.get(), made->chain, kReplace) != 1) {
    return false;
  }
  if (chosen.ocsp()) staple(ssl, *chosen.ocsp());
  return true;
}

// Runs when a client asks for a response, after show_certificate() if that runs.
int ServerIdentity::State::confirm_staple(SSL* ssl, void* /*none*/) {
  const unsigned char* response = nullptr;
  const long size = SSL_get_tlsext_status_ocsp_resp(ssl, &response);
  return size > 0 && response != nullptr ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

ServerIdentity::ServerIdentity(std::shared_ptr<const CertificateSet> certificates,
                               const IdentityOptions& options)
    : state_(std::make_shared<State>(options.tickets)) {
  state_->certificates = std::move(certificates);
  state_->context = make_server_context(options.policy, options.clients.get(), state_->tickets);
  state_->alpn = encode_alpn(options.alpn);
  state_->worker = options.worker;
  state_->strict_sni = options.strict_sni;

  SSL_CTX* context = state_->context.get();
  if (!state_->alpn.empty()) SSL_CTX_set_alpn_select_cb(context, choose_protocol, &state_->alpn);
  if (options.key_log != nullptr) log_keys(context, *options.key_log);
  int (*const check)(SSL*, int*, void*) = [](SSL* ssl, int* alert, void* state) {
    return static_cast<const State*>(state)->check_name(ssl, alert);
  };
  SSL_CTX_set_tlsext_servername_callback(context, check);
  SSL_CTX_set_tlsext_servername_arg(context, state_.get());
  int (*const show)(SSL*, void*) = [](SSL* ssl, void* state) {
    return static_cast<const State*>(state)->show_certificate(ssl) ? 1 : 0;
  };
  SSL_CTX_set_cert_cb(context, show, state_.get());
  SSL_CTX_set_tlsext_status_cb(context, State::confirm_staple);
}

ServerIdentity::~ServerIdentity() = default;

std::shared_ptr<SSL_CTX> ServerIdentity::context() const {
  return {state_, state_->context.get()};
}

const CertificateSet& ServerIdentity::certificates() const {
  return *state_->certificates;
}

}  // namespace sluice::tls
