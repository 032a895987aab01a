#include "tls/handshake/openssl_session.h"

#include <openssl/err.h>

#include <array>

#include "tls/handshake/key_derivation_provider.h"
#include "tls/record/key_schedule.h"

namespace sluice::tls {
namespace {

// More than the longest honest handshake takes: a hello with post-quantum key shares, twice after a
// HelloRetryRequest, and the peer's certificate chain.
constexpr std::uint64_t kMaxHandshakeBytes = std::uint64_t{64} * 1024;

std::string_view text_or_nothing(const char* text) {
  return text == nullptr ? std::string_view() : std::string_view(text);
}

std::optional<Aead> aead_of(const SSL_CIPHER* cipher) {
  switch (SSL_CIPHER_get_cipher_nid(cipher)) {
    case NID_aes_128_gcm:
      return Aead::kAes128Gcm;
    case NID_aes_256_gcm:
      return Aead::kAes256Gcm;
    case NID_chacha20_poly1305:
      return Aead::kChaCha20Poly1305;
    default:
      return std::nullopt;
  }
}

}  // namespace

bool OpenSslSession::start() {
  if (ssl_) return true;
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

// To OpenSSL a session is spoilt by an end without close_notify, which TLS does not say any more
// since version 1.1; many clients end with a reset.
void OpenSslSession::release() {
  if (ssl_) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  ssl_.reset();
  context_.reset();
  place_.leave();
}

Outcome OpenSslSession::shake_hands() {
  ERR_clear_error();
  const TrafficSecretsCopy copy(notes_.secrets);
  const int result = SSL_do_handshake(ssl_.get());
  if (transport_.out_of_buffers()) return Outcome::kNoMemory;
  complete_ = result == 1;
  if (complete_) return Outcome::kDone;
  too_long_ = transport_.total_read() > kMaxHandshakeBytes;
  const bool wants_more = SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ;
  return wants_more && !transport_.broken() && !too_long_ ? Outcome::kDone : Outcome::kFailed;
}

Outcome OpenSslSession::read(std::span<std::uint8_t> room, std::size_t& size) {
  ERR_clear_error();
  size = 0;
  const int result = SSL_read_ex(ssl_.get(), room.data(), room.size(), &size);
  if (result == 1) return Outcome::kDone;
  const int error = SSL_get_error(ssl_.get(), result);
  if (transport_.out_of_buffers()) return Outcome::kNoMemory;
  if (error == SSL_ERROR_ZERO_RETURN) return Outcome::kEnd;
  return error == SSL_ERROR_WANT_READ && !transport_.broken() ? Outcome::kDone : Outcome::kFailed;
}

Outcome OpenSslSession::write(std::span<const std::uint8_t> plaintext) {
  ERR_clear_error();
  std::size_t done = 0;
  const int result = SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &done);
  if (result == 1 && done == plaintext.size()) return Outcome::kDone;
  return transport_.out_of_buffers() ? Outcome::kNoMemory : Outcome::kFailed;
}

Outcome OpenSslSession::write_close_notify() {
  ERR_clear_error();
  if (SSL_shutdown(ssl_.get()) >= 0) return Outcome::kDone;
  return transport_.out_of_buffers() ? Outcome::kNoMemory : Outcome::kFailed;
}

// Asks OpenSSL why, while it still knows: its next call forgets it.
Failure OpenSslSession::take_failure() {
  const Failure reported = tls::take_failure(ssl_.get(), notes_.alert_sent);
  if (too_long_) return {Failure::Kind::kTooLong};
  if (reported.kind == Failure::Kind::kProtocol && transport_.broken()) {
    return {Failure::Kind::kNotTls};
  }
  return reported;
}

// --- What was agreed on

std::string_view OpenSslSession::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  if (ssl_) SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string_view OpenSslSession::cipher() const {
  if (!ssl_) return {};
  return text_or_nothing(SSL_CIPHER_get_name(SSL_get_current_cipher(ssl_.get())));
}

std::string_view OpenSslSession::group() const {
  if (!ssl_) return {};
  const auto group = static_cast<int>(SSL_get_negotiated_group(ssl_.get()));
  return group == 0 ? std::string_view() : text_or_nothing(SSL_group_to_name(ssl_.get(), group));
}

std::string_view OpenSslSession::requested_name() const {
  if (!ssl_) return {};
  return text_or_nothing(SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name));
}

bool OpenSslSession::resumed() const {
  return ssl_ != nullptr && SSL_session_reused(ssl_.get()) == 1;
}

std::size_t OpenSslSession::max_plaintext() const {
  const std::uint8_t code = SSL_SESSION_get_max_fragment_length(SSL_get_session(ssl_.get()));
  return code == TLSEXT_max_fragment_length_DISABLED ? kMaxPlaintext : std::size_t{256} << code;
}

// --- Taking over

std::optional<Suite> OpenSslSession::suite() const {
  const bool between_records = complete_ && ssl_ && SSL_has_pending(ssl_.get()) == 0;
  if (!between_records || notes_.key_updated) return std::nullopt;
  const auto aead = aead_of(SSL_get_current_cipher(ssl_.get()));
  const bool tls13 = SSL_version(ssl_.get()) == TLS1_3_VERSION;
  if (!aead) return std::nullopt;
  const Suite suite{.aead = *aead, .tls13 = tls13};
  const bool has_keys = !tls13 || (notes_.secrets.client.get().size() == suite.hash_size() &&
                                   notes_.secrets.server.get().size() == suite.hash_size());
  return has_keys ? std::optional(suite) : std::nullopt;
}

bool OpenSslSession::expects_session() const {
  const bool wanted = (SSL_CTX_get_session_cache_mode(context_.get()) & SSL_SESS_CACHE_CLIENT) != 0;
  return role_ == Role::kClient && wanted && SSL_version(ssl_.get()) == TLS1_3_VERSION &&
         !has_session();
}

void OpenSslSession::copy_keys(Suite suite, TrafficKeys& receiving, TrafficKeys& sending) const {
  const bool serves = role_ == Role::kServer;
  TrafficKeys& client = serves ? receiving : sending;
  TrafficKeys& server = serves ? sending : receiving;
  if (suite.tls13) {
    begin_keys(suite, notes_.secrets.client.get(), client);
    begin_keys(suite, notes_.secrets.server.get(), server);
  } else {
    copy_tls12_keys(suite, client, server);
  }
  receiving.set_sequence(notes_.records_received);
  sending.set_sequence(notes_.records_sent);
}

void OpenSslSession::copy_tls12_keys(Suite suite, TrafficKeys& client, TrafficKeys& server) const {
  std::array<std::uint8_t, SSL_MAX_MASTER_KEY_LENGTH> master;
  std::array<std::uint8_t, 64> randoms;
  const std::size_t size =
      SSL_SESSION_get_master_key(SSL_get_session(ssl_.get()), master.data(), master.size());
  SSL_get_server_random(ssl_.get(), randoms.data(), 32);
  SSL_get_client_random(ssl_.get(), randoms.data() + 32, 32);
  begin_tls12_keys(suite, std::span(master).first(size), randoms, client, server);
  OPENSSL_cleanse(master.data(), master.size());
}

}  // namespace sluice::tls
