#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::tls {

/// What records are protected with, in all cipher suites that have forward secrecy and are not
/// obsolete.
enum class Aead : std::uint8_t { kAes128Gcm, kAes256Gcm, kChaCha20Poly1305 };

inline constexpr std::size_t kAeads = 3;

/// What the keys of those suites are derived with.
enum class Hash : std::uint8_t { kSha256, kSha384 };

constexpr std::size_t hash_size(Hash hash) {
  return hash == Hash::kSha256 ? 32 : 48;
}

/// Bytes that protection adds to each record (RFC 5116 section 5.1, RFC 8439 section 2.8).
inline constexpr std::size_t kTagSize = 16;
inline constexpr std::size_t kNonceSize = 12;
inline constexpr std::size_t kMaxKeySize = 32;
inline constexpr std::size_t kMaxSecretSize = 48;

/// How the records of one connection are protected: a cipher suite, as far as its record layer
/// goes.
struct Suite {
  Aead aead = Aead::kAes128Gcm;
  bool tls13 = true;  ///< else TLS 1.2

  [[nodiscard]] std::size_t key_size() const { return aead == Aead::kAes128Gcm ? 16 : 32; }
  /// The suite's hash, also that of TLS 1.2's pseudorandom function.
  [[nodiscard]] Hash hash() const {
    return aead == Aead::kAes256Gcm ? Hash::kSha384 : Hash::kSha256;
  }
  [[nodiscard]] std::size_t hash_size() const { return tls::hash_size(hash()); }
  /// Of the nonce, what both sides know from the handshake: with TLS 1.2 and GCM, four bytes; the
  /// other eight go with each record (RFC 5288 section 3, RFC 7905 section 2).
  [[nodiscard]] std::size_t fixed_nonce_size() const {
    return tls13 || aead == Aead::kChaCha20Poly1305 ? kNonceSize : 4;
  }
  [[nodiscard]] std::size_t explicit_nonce_size() const { return kNonceSize - fixed_nonce_size(); }

  friend bool operator==(const Suite&, const Suite&) = default;
};

}  // namespace sluice::tls
