#include "tls/record/ipsec_mb_cipher.h"

#include <intel-ipsec-mb.h>
#include <openssl/crypto.h>

#include <optional>

namespace sluice::tls {
namespace {

/// The library's functions for one key size and direction, as good as this processor allows. They
/// keep their state in what they are given.
struct Functions {
  aes_gcm_pre_t expand;
  aes_gcm_init_t begin;
  aes_gcm_enc_dec_update_t apply;
  aes_gcm_enc_dec_finalize_t finish;
};

Functions functions_of(const IMB_MGR& library, Aead aead, Direction direction) {
  const bool seals = direction == Direction::kSealing;
  if (aead == Aead::kAes128Gcm) {
    return {library.gcm128_pre, library.gcm128_init,
            seals ? library.gcm128_enc_update : library.gcm128_dec_update,
            seals ? library.gcm128_enc_finalize : library.gcm128_dec_finalize};
  }
  return {library.gcm256_pre, library.gcm256_init,
          seals ? library.gcm256_enc_update : library.gcm256_dec_update,
          seals ? library.gcm256_enc_finalize : library.gcm256_dec_finalize};
}

std::optional<Functions> find_functions(Aead aead, Direction direction) {
  constexpr std::uint64_t kNeeded = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ | IMB_FEATURE_AVX;
  if (aead == Aead::kChaCha20Poly1305) return {};
  const std::unique_ptr<IMB_MGR, void (*)(IMB_MGR*)> library(alloc_mb_mgr(0), free_mb_mgr);
  if (!library) return {};
  init_mb_mgr_auto(library.get(), nullptr);
  if ((library->features & kNeeded) != kNeeded) return {};
  return functions_of(*library, aead, direction);
}

class IpsecMbCipher : public RecordCipher {
 public:
  explicit IpsecMbCipher(const Functions& functions) : functions_(functions) {}
  ~IpsecMbCipher() override { wipe(); }
  IpsecMbCipher(const IpsecMbCipher&) = delete;
  IpsecMbCipher& operator=(const IpsecMbCipher&) = delete;

  bool set_key(std::span<const std::uint8_t> key) override {
    functions_.expand(key.data(), &key_);
    return true;
  }
  bool begin(const Nonce& nonce, std::span<const std::uint8_t> associated) override {
    functions_.begin(&key_, &record_, nonce.data(), associated.data(), associated.size());
    return true;
  }
  bool apply(std::span<const std::uint8_t> from, std::uint8_t* to) override {
    functions_.apply(&key_, &record_, to, from.data(), from.size());
    return true;
  }
  bool finish(Tag& tag) override {
    functions_.finish(&key_, &record_, tag.data(), kTagSize);
    return true;
  }
  bool verify(const Tag& tag) override {
    Tag expected;
    return finish(expected) && CRYPTO_memcmp(expected.data(), tag.data(), kTagSize) == 0;
  }
  void wipe() override {
    OPENSSL_cleanse(&key_, sizeof key_);
    OPENSSL_cleanse(&record_, sizeof record_);
  }

 private:
  alignas(64) gcm_key_data key_{};
  alignas(64) gcm_context_data record_{};
  Functions functions_;
};

}  // namespace

std::unique_ptr<RecordCipher> make_ipsec_mb_cipher(Aead aead, Direction direction) {
  const auto functions = find_functions(aead, direction);
  if (!functions) return nullptr;
  return std::make_unique<IpsecMbCipher>(*functions);
}

}  // namespace sluice::tls
