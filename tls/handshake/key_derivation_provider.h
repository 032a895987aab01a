#pragma once

#include "tls/handshake/traffic_secrets.h"
#include "tls/openssl_types.h"

namespace sluice::tls {

/// Has OpenSSL's handshakes derive their secrets and keys with the functions of
/// record/key_derivation.h, for contexts that are made with kPreference: its own look the digest
/// and HMAC up by name and take memory each time, which is a tenth of a handshake. Only what libssl
/// asks for with TLS 1.2 and 1.3 is there ("TLS1-PRF" and "TLS13-KDF"), for SHA-256 and SHA-384.
class KeyDerivationProvider {
 public:
  /// For SSL_CTX_new_ex(): a preference, beside whatever else the library prefers or demands.
  static constexpr const char* kPreference = "?sluice.key_derivation=yes";

  /// `library` outlives it, null being the process's own, which keeps what it has. Throws
  /// std::runtime_error when OpenSSL cannot make it.
  explicit KeyDerivationProvider(OSSL_LIB_CTX* library);

 private:
  OpenSslPointer<OSSL_PROVIDER> provider_;
};

/// While it exists, the secrets for application data that such a context's TLS 1.3 derives in this
/// thread are copied. It is there for the handshake of one connection. (OpenSSL's callback for the
/// key log has them, too, as text: that costs a twentieth of a handshake.)
class TrafficSecretsCopy {
 public:
  explicit TrafficSecretsCopy(TrafficSecrets& to);
  ~TrafficSecretsCopy();
  TrafficSecretsCopy(const TrafficSecretsCopy&) = delete;
  TrafficSecretsCopy& operator=(const TrafficSecretsCopy&) = delete;

 private:
  TrafficSecrets* before_;
};

}  // namespace sluice::tls
