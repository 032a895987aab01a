#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "tls/openssl_types.h"

namespace sluice::tls {

/// What a certificate's key signs with, in the order in which a server prefers its certificates:
/// the cheapest signature that most clients verify comes first.
enum class KeyType : std::uint8_t {
  kEcdsaP256,
  kEcdsaP384,
  kEcdsaP521,
  kEd25519,
  kEd448,
  kRsaPss,  ///< a key that makes no other signatures than PSS (RFC 5756)
  kRsa,
};
inline constexpr std::size_t kKeyTypes = 7;

/// The type of a key; nothing when TLS has no signature for it.
std::optional<KeyType> key_type_of(const EVP_PKEY* key);

/// "ECDSA P-256", "RSA"
std::string_view name_of(KeyType type);

/// The signature schemes of TLS 1.2 or 1.3 (RFC 8446 section 4.2.3) that such a key makes, without
/// those with SHA-1.
std::span<const std::uint16_t> signature_schemes(KeyType type, bool tls13);

}  // namespace sluice::tls
