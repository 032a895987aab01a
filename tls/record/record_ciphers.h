#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/base/undumped_memory.h"
#include "tls/record/record_cipher.h"
#include "tls/record/suite.h"

namespace sluice::tls {

/// Whose AEADs protect records.
enum class CipherLibrary : std::uint8_t {
  kFastest,  ///< of those there are for an AEAD on this processor
  kOpenSsl,
};

/// A worker's AEAD contexts, which are given another connection's key as needed: a context is
/// twenty times as large as a key, and to give it another one costs about a tenth of a microsecond.
/// The key that it had last is not given again.
class RecordCiphers {
 public:
  /// Throws std::runtime_error when OpenSSL lacks a cipher.
  explicit RecordCiphers(CipherLibrary library = CipherLibrary::kFastest);
  RecordCiphers(const RecordCiphers&) = delete;
  RecordCiphers& operator=(const RecordCiphers&) = delete;
  ~RecordCiphers();

  /// A context that has begun a record; it is good until the next call. Null when its library has
  /// no memory. `key` has the suite's size; `associated` is authenticated with the record.
  [[nodiscard]] RecordCipher* begin_sealing(Aead aead, std::span<const std::uint8_t> key,
                                            const RecordCipher::Nonce& nonce,
                                            std::span<const std::uint8_t> associated);
  [[nodiscard]] RecordCipher* begin_opening(Aead aead, std::span<const std::uint8_t> key,
                                            const RecordCipher::Nonce& nonce,
                                            std::span<const std::uint8_t> associated);

  /// A context still has this key.
  [[nodiscard]] bool knows(Aead aead, std::span<const std::uint8_t> key) const;
  /// Wipes a key wherever a context still has it: nobody will use it again.
  void forget(Aead aead, std::span<const std::uint8_t> key);

 private:
  struct Context {
    std::unique_ptr<RecordCipher> cipher;
    std::array<std::uint8_t, kMaxKeySize> key{};
    bool keyed = false;

    [[nodiscard]] bool has(std::span<const std::uint8_t> other) const;
    [[nodiscard]] RecordCipher* begin(std::span<const std::uint8_t> new_key,
                                      const RecordCipher::Nonce& nonce,
                                      std::span<const std::uint8_t> associated);
    void wipe();
  };

  struct Contexts : undumped::Object {
    std::array<Context, kAeads> sealing;
    std::array<Context, kAeads> opening;
  };

  std::unique_ptr<Contexts> contexts_;
};

}  // namespace sluice::tls
