#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tls/certificate/certificate_set.h"
#include "tls/server/client_verification.h"
#include "tls/server/server_policy.h"
#include "tls/server/session_tickets.h"

namespace sluice::tls {

class KeyLogRing;

struct IdentityOptions {
  /// Which worker the identity is for: below the number that its certificates were made for.
  std::uint32_t worker = 0;
  ServerPolicy policy = intermediate_policy();
  /// In order of preference; empty: no ALPN. A client that speaks HTTP/1.0 alone may say so.
  std::vector<std::string> alpn = {"http/1.1", "http/1.0"};
  /// Refuse a client that asks for no name, or for one that no certificate has, rather than show
  /// it the first certificate.
  bool strict_sni = false;
  /// How clients prove who they are; null: they are not asked.
  std::shared_ptr<const ClientVerification> clients = nullptr;
  /// How its sessions are resumed. Whoever verifies clients has their ClientVerification::tag() in
  /// the scope.
  TicketOptions tickets = {};
  /// Where the secrets of its connections go, for whoever is to read captured frames. Outlives the
  /// identity and its connections; null: nowhere.
  KeyLogRing* key_log = nullptr;
};

/// Who a frontend is to TLS clients: certificates with their keys, chosen by the name a client asks
/// for (SNI; exact names before wildcards, the first certificate when none matches) and by the
/// signatures it can verify. Each worker has one of its own, so that no worker touches another's
/// OpenSSL objects.
class ServerIdentity {
 public:
  /// Throws std::runtime_error when OpenSSL cannot be set up.
  ServerIdentity(std::shared_ptr<const CertificateSet> certificates,
                 const IdentityOptions& options);
  /// Loads certificates for itself alone; throws as load_certificate_set() does.
  ServerIdentity(std::span<const CertificateSource> certificates, const IdentityOptions& options)
      : ServerIdentity(load_certificate_set(certificates), options) {}
  ~ServerIdentity();
  ServerIdentity(const ServerIdentity&) = delete;
  ServerIdentity& operator=(const ServerIdentity&) = delete;

  /// What a new server-side SSL is made from. It holds all that its handshake needs: whoever keeps
  /// it as long as the SSL may outlive the identity, which a reload takes away.
  [[nodiscard]] std::shared_ptr<SSL_CTX> context() const;

  [[nodiscard]] const CertificateSet& certificates() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sluice::tls
