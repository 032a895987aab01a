#include "tls/record/openssl_cipher.h"

#include <stdexcept>
#include <string>

#include "tls/openssl_types.h"

namespace sluice::tls {
namespace {

constexpr std::array<const char*, kAeads> kNames = {"AES-128-GCM", "AES-256-GCM",
                                                    "ChaCha20-Poly1305"};

class OpenSslCipher : public RecordCipher {
 public:
  OpenSslCipher(const char* name, Direction direction);

  bool set_key(std::span<const std::uint8_t> key) override { return init(key.data(), nullptr); }
  bool begin(const Nonce& nonce, std::span<const std::uint8_t> associated) override {
    return init(nullptr, nonce.data()) && apply(associated, nullptr);
  }
  bool apply(std::span<const std::uint8_t> from, std::uint8_t* to) override {
    int done = 0;
    return EVP_CipherUpdate(context_.get(), to, &done, from.data(),
                            static_cast<int>(from.size())) == 1;
  }
  bool finish(Tag& tag) override {
    return end() &&
           EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize, tag.data()) == 1;
  }
  bool verify(const Tag& tag) override {
    Tag expected = tag;
    return EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, expected.data()) ==
               1 &&
           end();
  }
  void wipe() override {
    constexpr std::array<std::uint8_t, kMaxKeySize> kNoKey{};
    (void)set_key(kNoKey);
  }

 private:
  // The direction is the one that the context was made for.
  bool init(const std::uint8_t* key, const std::uint8_t* nonce) {
    return EVP_CipherInit_ex2(context_.get(), nullptr, key, nonce, -1, nullptr) == 1;
  }
  bool end() {
    Tag rest;
    int size = 0;
    return EVP_CipherFinal_ex(context_.get(), rest.data(), &size) == 1;
  }

  OpenSslPointer<EVP_CIPHER_CTX> context_;
};

// Fetched once: a context that is only given keys looks nothing up, and takes no lock.
OpenSslCipher::OpenSslCipher(const char* name, Direction direction)
    : context_(EVP_CIPHER_CTX_new()) {
  const OpenSslPointer<EVP_CIPHER> cipher(EVP_CIPHER_fetch(nullptr, name, nullptr));
  const int seals = direction == Direction::kSealing ? 1 : 0;
  const bool done =
      cipher && context_ &&
      EVP_CipherInit_ex2(context_.get(), cipher.get(), nullptr, nullptr, seals, nullptr) == 1;
  if (!done) throw std::runtime_error("OpenSSL has no " + std::string(name));
}

}  // namespace

std::unique_ptr<RecordCipher> make_openssl_cipher(Aead aead, Direction direction) {
  return std::make_unique<OpenSslCipher>(kNames[static_cast<std::size_t>(aead)], direction);
}

}  // namespace sluice::tls
