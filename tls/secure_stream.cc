// How SecureStream begins: made in one role or the other, and its handshake.
#include "tls/secure_stream.h"

#include <openssl/err.h>

#include <new>
#include <utility>

namespace sluice::tls {
namespace {

// More than the longest honest handshake takes: a hello with post-quantum key shares, twice after a
// HelloRetryRequest, and the peer's certificate chain.
constexpr std::uint64_t kMaxHandshakeBytes = std::uint64_t{64} * 1024;

std::string_view text_or_nothing(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

}  // namespace

SecureStream* accept(Stream& lower, const ServerIdentity& identity, StreamHandler& handler,
                     Environment& environment) {
  auto* stream = new (std::nothrow)
      SecureStream(SecureStream::Role::kServer, identity.context(), lower, handler, environment);
  if (stream != nullptr) lower.set_handler(*stream);
  return stream;
}

SecureStream* connect(Stream& lower, const ClientContext& context, const ConnectOptions& options,
                      StreamHandler& handler, Environment& environment) {
  std::unique_ptr<SecureStream> made(new (std::nothrow) SecureStream(
      SecureStream::Role::kClient, context.context(), lower, handler, environment));
  ERR_clear_error();
  if (made == nullptr || !made->make_ssl() ||
      !context.prepare(made->ssl_.get(), options.server_name, options.session)) {
    ERR_clear_error();
    return nullptr;
  }
  SecureStream* stream = made.release();
  lower.set_handler(*stream);
  if (options.lower_is_open) {
    const SecureStream::Outcome outcome = stream->begin_handshake();
    if (outcome != SecureStream::Outcome::kDone) stream->fail_later(outcome);
  }
  return stream;
}

SecureStream::SecureStream(Role role, std::shared_ptr<SSL_CTX> context, Stream& lower,
                           StreamHandler& handler, Environment& environment)
    : lower_(&lower),
      handler_(&handler),
      environment_(environment),
      context_(std::move(context)),
      transport_(environment.reserve),
      role_(role) {}

SecureStream::~SecureStream() {
  // To OpenSSL a session is spoilt by an end without close_notify, which TLS does not say any more
  // since version 1.1; many clients end with a reset.
  if (ssl_) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  if (untold_ && handler_ != nullptr) handler_->on_failure(*untold_);
}

void SecureStream::set_handler(StreamHandler& handler) {
  handler_ = &handler;
}

wire::Endpoint SecureStream::local() const {
  return lower_ == nullptr ? wire::Endpoint{} : lower_->local();
}
wire::Endpoint SecureStream::remote() const {
  return lower_ == nullptr ? wire::Endpoint{} : lower_->remote();
}

// --- Handshake

// A client's is made by connect(), which tells it the server's name; a server's only when the
// client has sent something.
bool SecureStream::make_ssl() {
  ERR_clear_error();
  ssl_.reset(SSL_new(context_.get()));
  OpenSslPointer<BIO> bio = transport_.make_bio();
  if (!ssl_ || !bio) return false;
  role_ == Role::kClient ? SSL_set_connect_state(ssl_.get()) : SSL_set_accept_state(ssl_.get());
  BIO* both = bio.release();
  SSL_set_bio(ssl_.get(), both, both);
  notes_.follow(ssl_.get());
  return true;
}

SecureStream::Outcome SecureStream::begin_handshake() {
  environment_.counters.handshakes_started.add();
  phase_ = Phase::kHandshake;
  if (!ssl_ && !make_ssl()) return Outcome::kNoMemory;
  if (role_ == Role::kServer) return Outcome::kDone;  // the client speaks first
  const Outcome outcome = advance_handshake();
  if (outcome == Outcome::kDone) flush();
  return outcome;
}

void SecureStream::on_open() {
  if (role_ == Role::kServer || phase_ != Phase::kWaiting) return;
  const Outcome outcome = begin_handshake();
  if (outcome != Outcome::kDone) fail(outcome);
}

void SecureStream::continue_handshake() {
  Outcome outcome = phase_ == Phase::kWaiting ? begin_handshake() : Outcome::kDone;
  while (outcome == Outcome::kDone && phase_ == Phase::kHandshake && transport_.offer_record()) {
    outcome = advance_handshake();
  }
  if (outcome != Outcome::kDone) return fail(outcome);
  flush();
}

// As far as what was received of the present record allows.
SecureStream::Outcome SecureStream::advance_handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (transport_.out_of_buffers()) return Outcome::kNoMemory;
  if (result == 1) {
    opened();
    return Outcome::kDone;
  }
  const bool too_long = transport_.total_read() > kMaxHandshakeBytes;
  if (too_long) failure_ = {Failure::Kind::kTooLong};
  const bool wants_more = SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ;
  return wants_more && !transport_.broken() && !too_long ? Outcome::kDone : Outcome::kFailed;
}

void SecureStream::opened() {
  Counters& counters = environment_.counters;
  phase_ = Phase::kOpen;
  counters.handshakes_completed.add();
  if (resumed()) counters.handshakes_resumed.add();
  (SSL_version(ssl_.get()) == TLS1_3_VERSION ? counters.tls13 : counters.tls12).add();
  write_queued();
  if (handler_ != nullptr && lower_ != nullptr) handler_->on_open();
}

// --- What was agreed on

std::string_view SecureStream::negotiated_protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  if (phase_ == Phase::kOpen) SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string_view SecureStream::negotiated_version() const {
  return phase_ == Phase::kOpen ? SSL_get_version(ssl_.get()) : std::string_view();
}

std::string_view SecureStream::negotiated_cipher() const {
  if (phase_ != Phase::kOpen) return {};
  return text_or_nothing(SSL_CIPHER_get_name(SSL_get_current_cipher(ssl_.get())));
}

std::string_view SecureStream::negotiated_group() const {
  if (phase_ != Phase::kOpen) return {};
  const auto group = static_cast<int>(SSL_get_negotiated_group(ssl_.get()));
  return group == 0 ? std::string_view() : text_or_nothing(SSL_group_to_name(ssl_.get(), group));
}

bool SecureStream::resumed() const {
  return phase_ == Phase::kOpen && SSL_session_reused(ssl_.get()) == 1;
}

}  // namespace sluice::tls
