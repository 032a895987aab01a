#pragma once

#include <cstdint>
#include <optional>

#include "tls/handshake/key_derivation_provider.h"
#include "tls/openssl_types.h"

namespace sluice::tls {

/// A library context of OpenSSL of one's own, for one thread: it has OpenSSL's default provider,
/// and nothing that the process's openssl.cnf adds or sets.
class ClientLibrary {
 public:
  enum class Extent : std::uint8_t {
    kWhole,
    /// What clients need for TLS 1.2 and 1.3 with AEAD, and no more where more is costly: for each
    /// certificate that they parse, OpenSSL 3.0 and 3.1 look at all decoders, key types and ciphers
    /// that they have, which is a fifth of a client's handshake.
    kHandshakes,
  };

  /// Throws std::runtime_error when OpenSSL cannot make it.
  explicit ClientLibrary(Extent extent);

  /// For SSL_CTX_new_ex(). What is made in it must be freed before this object.
  [[nodiscard]] OSSL_LIB_CTX* context() const { return reduced_ ? reduced_.get() : whole_.get(); }
  /// OpenSSL's default provider, in this context or the one behind it.
  [[nodiscard]] const OSSL_PROVIDER* default_provider() const { return default_provider_.get(); }

 private:
  void reduce();

  OpenSslPointer<OSSL_LIB_CTX> whole_;
  OpenSslPointer<OSSL_PROVIDER> default_provider_;
  OpenSslPointer<OSSL_LIB_CTX> reduced_;  // null for kWhole
  OpenSslPointer<OSSL_PROVIDER> reduced_provider_;
  std::optional<KeyDerivationProvider> key_derivation_;
};

}  // namespace sluice::tls
