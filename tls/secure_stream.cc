// How SecureStream begins: made in one role or the other, and its handshake.
#include "tls/secure_stream.h"

#include <openssl/err.h>

#include <new>
#include <utility>

namespace sluice::tls {

SecureStream* accept(Stream& lower, const ServerIdentity& identity, StreamHandler& handler,
                     Environment& environment) {
  std::unique_ptr<OpenSslSession> session(
      new (std::nothrow) OpenSslSession(identity.context(), Role::kServer, environment.reserve));
  if (session == nullptr) return nullptr;
  SecureStream* stream =
      environment.streams.make(Role::kServer, lower, handler, environment, std::move(session));
  if (stream != nullptr) lower.set_handler(*stream);
  return stream;
}

SecureStream* connect(Stream& lower, const ClientContext& context, const ConnectOptions& options,
                      StreamHandler& handler, Environment& environment) {
  std::unique_ptr<OpenSslSession> session(
      new (std::nothrow) OpenSslSession(context.context(), Role::kClient, environment.reserve));
  ERR_clear_error();
  if (session == nullptr || !session->start() ||
      !context.prepare(session->ssl(), options.server_name, options.session)) {
    ERR_clear_error();
    return nullptr;
  }
  SecureStream* stream =
      environment.streams.make(Role::kClient, lower, handler, environment, std::move(session));
  if (stream == nullptr) return nullptr;
  lower.set_handler(*stream);
  if (options.lower_is_open) {
    const Outcome outcome = stream->begin_handshake();
    if (outcome != Outcome::kDone) stream->fail_later(outcome);
  }
  return stream;
}

SecureStream::SecureStream(Role role, Stream& lower, StreamHandler& handler,
                           Environment& environment, std::unique_ptr<OpenSslSession> session)
    : lower_(&lower),
      handler_(&handler),
      environment_(environment),
      openssl_(std::move(session)),
      role_(role) {}

SecureStream::~SecureStream() {
  if (own_records_) {
    const std::size_t size = suite().key_size();
    environment_.records.ciphers.forget(aead_, std::span(receiving_.key).first(size));
    environment_.records.ciphers.forget(aead_, std::span(sending_.key).first(size));
  }
  if (in_flight_ && in_flight_->untold && handler_ != nullptr) {
    handler_->on_failure(*in_flight_->untold);
  }
}

void SecureStream::operator delete(SecureStream* stream, std::destroying_delete_t) {
  stream->environment_.streams.destroy(*stream);
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

// --- What is under way

InFlight& SecureStream::in_flight() {
  if (!in_flight_) in_flight_ = std::make_unique<InFlight>();
  return *in_flight_;
}

void SecureStream::forget_if_idle() {
  if (in_flight_ && in_flight_->idle()) in_flight_.reset();
}

// --- Handshake

Outcome SecureStream::begin_handshake() {
  environment_.counters.handshakes_started.add();
  phase_ = Phase::kHandshake;
  if (role_ == Role::kClient) openssl_->begin_at(environment_.clock.now());
  if (!openssl_->start()) return Outcome::kNoMemory;
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

// A client's own is what its worker is there for; those of others wait for their turn.
void SecureStream::go_on_with_handshake() {
  HandshakeQueue& queue = environment_.handshakes;
  if (role_ == Role::kClient || !queue.enabled()) return continue_handshake();
  const HandshakePlace::Owner owner = {
      .self = this,
      .on_turn = [](void* self) { static_cast<SecureStream*>(self)->take_turn(); },
      .on_impatience = [](void* self) { static_cast<SecureStream*>(self)->refuse_handshake(); }};
  if (!queue.join(openssl_->place(), owner, lower_->remote().address, environment_.clock.now())) {
    refuse_handshake();
  }
}

void SecureStream::take_turn() {
  continue_handshake();
  if (phase_ == Phase::kOpen) read_records({});
  open_window();
  forget_if_idle();
  const bool ended = end_waits_;
  end_waits_ = false;
  if (ended) on_end();
}

// As cheaply as possible: the client sees a reset.
void SecureStream::refuse_handshake() {
  environment_.counters.handshakes_refused.add();
  fail_with(StreamError::kNoMemory);
}

void SecureStream::continue_handshake() {
  Outcome outcome = phase_ == Phase::kWaiting ? begin_handshake() : Outcome::kDone;
  while (outcome == Outcome::kDone && phase_ == Phase::kHandshake && openssl_->offer_record()) {
    outcome = advance_handshake();
  }
  if (outcome != Outcome::kDone) return fail(outcome);
  flush();
}

// As far as what was received of the present record allows.
Outcome SecureStream::advance_handshake() {
  const Outcome outcome = openssl_->shake_hands();
  if (outcome == Outcome::kDone && openssl_->complete()) opened();
  return outcome;
}

// OpenSSL's last flight goes ahead of records of our own. What was agreed on can be asked of
// OpenSSL while the handler is told.
void SecureStream::opened() {
  phase_ = Phase::kOpen;
  count_handshake();
  flush();
  if (!openssl_->expects_session()) take_over_records();
  write_queued();
  if (handler_ != nullptr && lower_ != nullptr) handler_->on_open();
  let_go_of_openssl();
}

void SecureStream::count_handshake() {
  Counters& counters = environment_.counters;
  tls13_ = SSL_version(openssl_->ssl()) == TLS1_3_VERSION;
  counters.handshakes_completed.add();
  if (openssl_->resumed()) counters.handshakes_resumed.add();
  (tls13_ ? counters.tls13 : counters.tls12).add();
  const SSL_CIPHER* cipher = SSL_get_current_cipher(openssl_->ssl());
  environment_.statistics.completed(SSL_CIPHER_get_protocol_id(cipher), openssl_->resumed(),
                                    environment_.clock.now() - openssl_->begun_at());
}

// Where that is not possible, OpenSSL goes on.
void SecureStream::take_over_records() {
  const std::optional<Suite> suite = openssl_->suite();
  const bool possible =
      environment_.options.record_layer == RecordLayer::kOwn && suite && lower_ != nullptr;
  if (!possible) return;
  openssl_->copy_keys(*suite, receiving_, sending_);
  aead_ = suite->aead;
  max_plaintext_ = static_cast<std::uint16_t>(openssl_->max_plaintext());
  ByteChain unread = openssl_->take_input();
  if (!unread.empty()) in_flight().received = std::move(unread);
  own_records_ = true;
}

// But for a session that nobody has taken yet.
void SecureStream::let_go_of_openssl() {
  if (!own_records_) return;
  openssl_->release();
  if (!openssl_->has_session()) openssl_.reset();
}

OpenSslPointer<SSL_SESSION> SecureStream::take_session() {
  if (!openssl_) return nullptr;
  OpenSslPointer<SSL_SESSION> session = openssl_->take_session();
  if (own_records_ && openssl_->ssl() == nullptr) openssl_.reset();
  return session;
}

// --- What was agreed on

std::string_view SecureStream::negotiated_protocol() const {
  return phase_ == Phase::kOpen && openssl_ ? openssl_->protocol() : std::string_view();
}

std::string_view SecureStream::negotiated_version() const {
  if (phase_ != Phase::kOpen) return {};
  return tls13_ ? "TLSv1.3" : "TLSv1.2";
}

std::string_view SecureStream::negotiated_cipher() const {
  return phase_ == Phase::kOpen && openssl_ ? openssl_->cipher() : std::string_view();
}

std::string_view SecureStream::negotiated_group() const {
  return phase_ == Phase::kOpen && openssl_ ? openssl_->group() : std::string_view();
}

std::string_view SecureStream::requested_name() const {
  return phase_ == Phase::kOpen && openssl_ ? openssl_->requested_name() : std::string_view();
}

bool SecureStream::resumed() const {
  return phase_ == Phase::kOpen && openssl_ && openssl_->resumed();
}

}  // namespace sluice::tls
