#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "tls/openssl_types.h"
#include "tls/record/suite.h"

namespace sluice::tls {

/// A worker's AEAD contexts, which are given another connection's key as needed: a context is
/// twenty times as large as a key, and to give it another one costs about a tenth of a microsecond.
/// The key that it had last is not given again.
class RecordCiphers {
 public:
  using Nonce = std::array<std::uint8_t, kNonceSize>;

  /// Throws std::runtime_error when OpenSSL lacks a cipher.
  RecordCiphers();
  RecordCiphers(const RecordCiphers&) = delete;
  RecordCiphers& operator=(const RecordCiphers&) = delete;
  ~RecordCiphers();

  /// A context for one record, that knows key and nonce; it is good until the next call. Null when
  /// OpenSSL has no memory. `key` has the suite's size.
  [[nodiscard]] EVP_CIPHER_CTX* begin_sealing(Aead aead, std::span<const std::uint8_t> key,
                                              const Nonce& nonce);
  [[nodiscard]] EVP_CIPHER_CTX* begin_opening(Aead aead, std::span<const std::uint8_t> key,
                                              const Nonce& nonce);

  /// A context still has this key.
  [[nodiscard]] bool knows(Aead aead, std::span<const std::uint8_t> key) const;
  /// Wipes a key wherever a context still has it: nobody will use it again.
  void forget(Aead aead, std::span<const std::uint8_t> key);

 private:
  struct Context {
    OpenSslPointer<EVP_CIPHER_CTX> cipher;
    std::array<std::uint8_t, kMaxKeySize> key{};
    bool keyed = false;

    [[nodiscard]] bool has(std::span<const std::uint8_t> other) const;
    [[nodiscard]] EVP_CIPHER_CTX* begin(std::span<const std::uint8_t> new_key, const Nonce& nonce);
    void wipe(std::size_t key_size);
  };

  std::array<Context, kAeads> sealing_;
  std::array<Context, kAeads> opening_;
};

}  // namespace sluice::tls
