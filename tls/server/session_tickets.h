#pragma once

#include <chrono>
#include <string>

#include "tls/openssl_types.h"
#include "tls/server/ticket_key_ring.h"

namespace sluice::tls {

struct TicketOptions {
  /// After a full TLS 1.3 handshake; one after a resumed one, and one in TLS 1.2. A client uses one
  /// for each new connection (RFC 8446 appendix C.4), so one is what keeps it supplied. 0: no
  /// tickets in any version, and nothing is resumed.
  unsigned count = 1;
  /// What tickets are sealed with. Outlives the contexts and their connections; null: a key that
  /// nobody else has.
  const TicketKeys* keys = nullptr;
  /// From a full handshake to the last time that it is resumed, by whatever ticket; at most 7 days
  /// (RFC 8446 section 4.6.1). One ticket is of use for a day at most.
  std::chrono::seconds lifetime = std::chrono::hours(36);
  /// A session is resumed only where this is the same: what clients have to prove (certificates)
  /// differs from one frontend to another.
  std::string scope = {};
};

/// Lets the sessions of contexts be resumed by tickets alone: nothing is kept of them here.
class SessionTickets {
 public:
  /// Throws std::runtime_error when OpenSSL lacks an algorithm.
  explicit SessionTickets(TicketOptions options);
  SessionTickets(const SessionTickets&) = delete;
  SessionTickets& operator=(const SessionTickets&) = delete;

  /// Sets a server's context up, which must not outlive this object. A connection may pass from one
  /// of its contexts to another. Throws std::runtime_error when OpenSSL refuses.
  void use_in(SSL_CTX* context) const;

 private:
  static int limit_lifetime(SSL* ssl, void* self);
  static int set_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                     EVP_MAC_CTX* mac, int sealing);

  [[nodiscard]] std::chrono::seconds key_lasts() const;
  [[nodiscard]] int seal(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                         EVP_MAC_CTX* mac) const;
  [[nodiscard]] int open(const SSL* ssl, const unsigned char* name, const unsigned char* iv,
                         EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) const;
  [[nodiscard]] const EVP_CIPHER* cipher_for(const TicketKey& key) const;

  TicketOptions options_;
  // Fetched once: a look-up by name takes locks that all workers share.
  OpenSslPointer<EVP_CIPHER> aes128_;
  OpenSslPointer<EVP_CIPHER> aes256_;
};

}  // namespace sluice::tls
