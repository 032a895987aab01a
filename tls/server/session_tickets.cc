#include "tls/server/session_tickets.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <span>
#include <stdexcept>
#include <utility>

namespace sluice::tls {
namespace {

// Of one ticket. More than a day is held against a server by those who test them.
constexpr std::chrono::seconds kLongestUse = std::chrono::hours(24);

// What the callback for keys may return (SSL_CTX_set_tlsext_ticket_key_evp_cb(3)).
constexpr int kFailed = -1;
constexpr int kUnknownKey = 0;
constexpr int kReady = 1;
constexpr int kReadyAndRenew = 2;

constexpr std::size_t kIvSize = 16;

// The place of the SessionTickets in its contexts; the application data is the key log's.
int place_in_context() {
  static const int place = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return place;
}

bool begin_mac(EVP_MAC_CTX* mac, std::span<const std::uint8_t> key) {
  std::array<char, 7> digest = {"SHA256"};
  const std::array<OSSL_PARAM, 2> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end()};
  return EVP_MAC_init(mac, key.data(), key.size(), parameters.data()) == 1;
}

// When a session's full handshake was, in seconds since the epoch: the data that its tickets have
// from us, most significant byte first. OpenSSL counts a session's time anew from each TLS 1.3
// ticket, so without this a session could go on for ever. A new session has none yet.
using StartBytes = std::array<std::uint8_t, 8>;

std::int64_t start_of(SSL_SESSION* session, std::int64_t now) {
  void* data = nullptr;
  std::size_t size = 0;
  const bool found = SSL_SESSION_get0_ticket_appdata(session, &data, &size) == 1;
  if (!found || size != sizeof(StartBytes)) return now;
  std::uint64_t start = 0;
  for (const std::uint8_t byte : std::span(static_cast<const std::uint8_t*>(data), size)) {
    start = start << 8U | byte;
  }
  return static_cast<std::int64_t>(start);
}

bool set_start(SSL_SESSION* session, std::int64_t start) {
  StartBytes bytes{};
  auto rest = static_cast<std::uint64_t>(start);
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte, rest >>= 8U) {
    *byte = static_cast<std::uint8_t>(rest);
  }
  return SSL_SESSION_set1_ticket_appdata(session, bytes.data(), bytes.size()) == 1;
}

}  // namespace

SessionTickets::SessionTickets(TicketOptions options)
    : options_(std::move(options)),
      aes128_(EVP_CIPHER_fetch(nullptr, "AES-128-CBC", nullptr)),
      aes256_(EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr)) {
  if (!aes128_ || !aes256_) {
    throw std::runtime_error("OpenSSL has no AES for session tickets: " + take_openssl_error());
  }
}

void SessionTickets::use_in(SSL_CTX* context) const {
  // Its size is the most that OpenSSL takes.
  std::array<unsigned char, SHA256_DIGEST_LENGTH> scope{};
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(context, static_cast<long>(options_.lifetime.count()));
  // Whatever openssl.cnf says: who learns a ticket's key must not learn the connections' keys.
  SSL_CTX_clear_options(context, SSL_OP_ALLOW_NO_DHE_KEX);
  if (options_.count == 0) SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  bool done = EVP_Digest(options_.scope.data(), options_.scope.size(), scope.data(), nullptr,
                         EVP_sha256(), nullptr) == 1 &&
              SSL_CTX_set_session_id_context(context, scope.data(), scope.size()) == 1 &&
              SSL_CTX_set_num_tickets(context, options_.count) == 1 &&
              SSL_CTX_set_session_ticket_cb(context, limit_lifetime, nullptr,
                                            const_cast<SessionTickets*>(this)) == 1;
  if (done && options_.keys != nullptr) {
    done =
        SSL_CTX_set_ex_data(context, place_in_context(), const_cast<SessionTickets*>(this)) == 1 &&
        SSL_CTX_set_tlsext_ticket_key_evp_cb(context, set_key) == 1;
  }
  if (!done) {
    throw std::runtime_error("OpenSSL cannot be set up for session tickets: " +
                             take_openssl_error());
  }
}

// Called before a session is put into a ticket. The client is told the same lifetime, so it does
// not offer what would be refused.
int SessionTickets::limit_lifetime(SSL* ssl, void* self) {
  const auto& tickets = *static_cast<const SessionTickets*>(self);
  SSL_SESSION* session = SSL_get_session(ssl);
  const std::int64_t now = std::time(nullptr);
  const std::int64_t start = start_of(session, now);
  const std::int64_t end = std::min<std::int64_t>(start + tickets.options_.lifetime.count(),
                                                  now + tickets.key_lasts().count());
  const std::int64_t counted_from = SSL_version(ssl) == TLS1_3_VERSION ? now : start;
  const std::int64_t timeout = std::clamp<std::int64_t>(end - counted_from, 0, kLongestUse.count());
  return set_start(session, start) && SSL_SESSION_set_timeout(session, timeout) == 1 ? 1 : 0;
}

// Called when a ticket is made, and when one has come.
int SessionTickets::set_key(SSL* ssl, unsigned char* name, unsigned char* iv,
                            EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int sealing) {
  const auto& tickets = *static_cast<const SessionTickets*>(
      SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), place_in_context()));
  return sealing == 1 ? tickets.seal(name, iv, cipher, mac)
                      : tickets.open(ssl, name, iv, cipher, mac);
}

std::chrono::seconds SessionTickets::key_lasts() const {
  if (options_.keys == nullptr) return options_.lifetime;
  const auto until = options_.keys->ring().issuing().accepted_until;
  if (until == TicketKeyRing::kUnlimited) return options_.lifetime;
  const auto left = until - std::chrono::steady_clock::now();
  return std::max(std::chrono::floor<std::chrono::seconds>(left), std::chrono::seconds(0));
}

int SessionTickets::seal(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                         EVP_MAC_CTX* mac) const {
  const TicketKey& key = *options_.keys->ring().issuing().key;
  std::ranges::copy(key.name(), name);
  const bool done =
      RAND_bytes(iv, kIvSize) == 1 &&
      EVP_EncryptInit_ex2(cipher, cipher_for(key), key.cipher_key().data(), iv, nullptr) == 1 &&
      begin_mac(mac, key.mac_key());
  return done ? kReady : kFailed;
}

int SessionTickets::open(const SSL* ssl, const unsigned char* name, const unsigned char* iv,
                         EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) const {
  const TicketKeyRing& ring = options_.keys->ring();
  const auto* entry =
      ring.find(std::span(name, TicketKey::kNameSize), std::chrono::steady_clock::now());
  if (entry == nullptr) return kUnknownKey;
  const TicketKey& key = *entry->key;
  const bool done =
      EVP_DecryptInit_ex2(cipher, cipher_for(key), key.cipher_key().data(), iv, nullptr) == 1 &&
      begin_mac(mac, key.mac_key());
  if (!done) return kFailed;
  // A TLS 1.3 client uses a ticket once, so it needs another one in any case.
  const bool renew = ring.is_old(*entry) || SSL_version(ssl) == TLS1_3_VERSION;
  return renew ? kReadyAndRenew : kReady;
}

const EVP_CIPHER* SessionTickets::cipher_for(const TicketKey& key) const {
  constexpr std::size_t kAes256KeySize = 32;
  return key.cipher_key().size() == kAes256KeySize ? aes256_.get() : aes128_.get();
}

}  // namespace sluice::tls
