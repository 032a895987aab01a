#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tls/certificate/certificate.h"
#include "tls/openssl_types.h"
#include "tls/version.h"

namespace sluice::tls {

class KeyLogRing;

/// How a client finds out whether a server is the right one.
enum class Verification : std::uint8_t {
  kAuthority,  ///< an authority vouches for its certificate, which has the name that was asked for
  kNone,       ///< not at all: any certificate will do, and none is looked at
};

struct ClientSettings {
  Version min_version = Version::kTls12;
  Version max_version = Version::kTls13;
  /// For TLS 1.2, OpenSSL's list of ciphers ("openssl ciphers"; "@SECLEVEL=0" at its end allows
  /// weak ones); empty: AEAD with forward secrecy.
  std::string ciphers = {};
  /// For TLS 1.3, names with colons between; empty: the three that every library has.
  std::string ciphersuites = {};
  /// Groups for the key exchange in order of preference. A key share is sent for the first.
  std::string groups = "X25519:P-256";
  /// In order of preference; empty: no ALPN.
  std::vector<std::string> alpn = {"http/1.1"};

  Verification verification = Verification::kAuthority;
  /// A PEM file with the certificates of the authorities.
  std::filesystem::path authorities = {};
  /// Accept a certificate that was verified for the same name within the last hour by comparing
  /// it, without building its chain again.
  bool remember_verified = false;

  /// What to show to a server that asks who the client is.
  std::optional<CertificateSource> certificate = std::nullopt;
  /// Accept sessions from servers, to resume them in later connections.
  bool sessions = true;
  /// Where the secrets of its connections go, for whoever is to read captured frames. Outlives the
  /// context and its connections; null: nowhere.
  KeyLogRing* key_log = nullptr;

  /// Use a library of OpenSSL's of one's own, in which a handshake costs less (see ClientLibrary);
  /// no session may outlive the context then.
  bool own_library = false;
  /// For load testers only: use an X25519 key for so many handshakes, and no longer than a minute
  /// (see KeyShareReuse). `groups` must begin with X25519; implies own_library. 0: a new key for
  /// each handshake.
  unsigned key_share_reuse = 0;
};

/// What a worker's TLS clients have in common. Each worker has one of its own, so that no worker
/// touches another's OpenSSL objects.
class ClientContext {
 public:
  /// Throws std::runtime_error with a message for the operator (which setting or file, what is
  /// wrong with it) when it cannot be used.
  explicit ClientContext(const ClientSettings& settings);
  ~ClientContext();
  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;

  /// What a new client-side SSL is made from. It holds all that its handshake needs: whoever keeps
  /// it as long as the SSL may outlive the ClientContext, which a reload takes away.
  [[nodiscard]] std::shared_ptr<SSL_CTX> context() const;

  /// Makes an SSL of this context ready to speak to `server_name`: a DNS name, which the server is
  /// told (SNI), or an IP address, which it is not; if certificates are verified, its own must be
  /// for that, and none is for an empty name. Resumes `session` unless it is null, or of no use:
  /// too old, or made with another context or, if certificates are verified, for another name.
  /// False when OpenSSL has no memory or does not accept the name.
  [[nodiscard]] bool prepare(SSL* ssl, const std::string& server_name, SSL_SESSION* session) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sluice::tls
