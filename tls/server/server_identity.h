#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tls/certificate/certificate.h"
#include "tls/server/session_tickets.h"

namespace sluice::tls {

class KeyLogRing;

struct IdentityOptions {
  /// In order of preference; empty: no ALPN. A client that speaks HTTP/1.0 alone may say so.
  std::vector<std::string> alpn = {"http/1.1", "http/1.0"};
  /// Refuse a client that asks for no name, or for one that no certificate has, rather than show
  /// it the first certificate.
  bool strict_sni = false;
  /// How its sessions are resumed.
  TicketOptions tickets = {};
  /// Where the secrets of its connections go, for whoever is to read captured frames. Outlives the
  /// identity and its connections; null: nowhere.
  KeyLogRing* key_log = nullptr;
};

/// Who a frontend is to TLS clients: certificates with their keys, chosen by the name a client asks
/// for (SNI; exact names before wildcards, the first certificate when none matches). Each worker
/// has one of its own, so that no worker touches another's OpenSSL objects.
class ServerIdentity {
 public:
  /// Loads and checks certificates and keys. Throws std::runtime_error with a message for the
  /// operator (which file, what is wrong with it) when one cannot be used: unreadable, no
  /// certificate, no key, a key that does not belong to the certificate, a key too weak. Whether a
  /// certificate is valid today is for the caller to look at: CertificateInfo has the times.
  ServerIdentity(std::span<const CertificateSource> certificates, const IdentityOptions& options);
  ~ServerIdentity();
  ServerIdentity(const ServerIdentity&) = delete;
  ServerIdentity& operator=(const ServerIdentity&) = delete;

  /// What a new server-side SSL is made from. It holds all that its handshake needs: whoever keeps
  /// it as long as the SSL may outlive the identity, which a reload takes away.
  [[nodiscard]] std::shared_ptr<SSL_CTX> context() const;

  struct CertificateInfo {
    std::string file;
    std::vector<std::string> names;  ///< subject alternative names, else the common name
    std::int64_t not_before;         ///< seconds since the epoch
    std::int64_t not_after;          ///< seconds since the epoch
  };
  /// In the order of their sources.
  [[nodiscard]] const std::vector<CertificateInfo>& certificates() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sluice::tls
