#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

typedef struct ssl_ctx_st SSL_CTX;

namespace sluice::tls {

/// Where one certificate comes from.
struct CertificateSource {
  /// A PEM file with the leaf first, then its chain; it may hold the private key too.
  std::filesystem::path certificate;
  /// The private key's PEM file; empty: in the certificate's file, or beside it as
  /// "<certificate>.key" or with the extension replaced by ".key".
  std::filesystem::path key;
};

/// The certificate sources that a configuration's path stands for: the file itself, or every
/// "*.pem" and "*.crt" file of a directory, sorted by name. Throws std::runtime_error with a
/// message for the operator when the path does not exist or the directory has none.
std::vector<CertificateSource> find_certificates(const std::filesystem::path& path);

struct IdentityOptions {
  std::vector<std::string> alpn = {"http/1.1"};  ///< in order of preference
  bool strict_sni = false;  ///< refuse a name that no certificate has, rather than show the first
};

/// Who a frontend is to TLS clients: certificates with their keys, chosen by the name a client asks
/// for (SNI; exact names before wildcards, the first certificate when none matches). Each worker
/// has one of its own, so that no worker touches another's OpenSSL objects.
class ServerIdentity {
 public:
  /// Loads and checks certificates and keys. Throws std::runtime_error with a message for the
  /// operator (which file, what is wrong with it) when one cannot be used: unreadable, no
  /// certificate, no key, a key that does not belong to the certificate, expired is only warned of
  /// by the caller.
  ServerIdentity(std::span<const CertificateSource> certificates, const IdentityOptions& options);
  ~ServerIdentity();
  ServerIdentity(const ServerIdentity&) = delete;
  ServerIdentity& operator=(const ServerIdentity&) = delete;

  /// What a new server-side SSL is made from. Owned by the identity.
  [[nodiscard]] SSL_CTX* context() const;

  struct CertificateInfo {
    std::string file;
    std::vector<std::string> names;  ///< subject alternative names, else the common name
    std::int64_t not_after;          ///< seconds since the epoch
  };
  [[nodiscard]] const std::vector<CertificateInfo>& certificates() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::tls
