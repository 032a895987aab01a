#include "tls/record/record_ciphers.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace sluice::tls {
namespace {

constexpr std::array<const char*, kAeads> kNames = {"AES-128-GCM", "AES-256-GCM",
                                                    "ChaCha20-Poly1305"};

std::size_t index_of(Aead aead) {
  return static_cast<std::size_t>(aead);
}

// Fetched once: a context that is only given keys looks nothing up, and takes no lock.
OpenSslPointer<EVP_CIPHER_CTX> make(const char* name, bool seals) {
  const OpenSslPointer<EVP_CIPHER> cipher(EVP_CIPHER_fetch(nullptr, name, nullptr));
  OpenSslPointer<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
  const bool done = cipher && context &&
                    EVP_CipherInit_ex2(context.get(), cipher.get(), nullptr, nullptr, seals ? 1 : 0,
                                       nullptr) == 1;
  if (!done) throw std::runtime_error("OpenSSL has no " + std::string(name));
  return context;
}

}  // namespace

RecordCiphers::RecordCiphers() {
  for (std::size_t i = 0; i < kAeads; ++i) {
    sealing_[i].cipher = make(kNames[i], true);
    opening_[i].cipher = make(kNames[i], false);
  }
}

RecordCiphers::~RecordCiphers() {
  for (std::array<Context, kAeads>* contexts : {&sealing_, &opening_}) {
    for (Context& context : *contexts) OPENSSL_cleanse(context.key.data(), context.key.size());
  }
}

bool RecordCiphers::Context::has(std::span<const std::uint8_t> other) const {
  return keyed && CRYPTO_memcmp(key.data(), other.data(), other.size()) == 0;
}

void RecordCiphers::Context::wipe(std::size_t key_size) {
  constexpr std::array<std::uint8_t, kMaxKeySize> kNoKey{};
  OPENSSL_cleanse(key.data(), key_size);
  (void)EVP_CipherInit_ex2(cipher.get(), nullptr, kNoKey.data(), nullptr, -1, nullptr);
  keyed = false;
}

// The direction is the one that the context was made for.
EVP_CIPHER_CTX* RecordCiphers::Context::begin(std::span<const std::uint8_t> new_key,
                                              const Nonce& nonce) {
  const bool again = has(new_key);
  keyed = EVP_CipherInit_ex2(cipher.get(), nullptr, again ? nullptr : new_key.data(), nonce.data(),
                             -1, nullptr) == 1;
  if (!keyed) return nullptr;
  if (!again) std::ranges::copy(new_key, key.begin());
  return cipher.get();
}

EVP_CIPHER_CTX* RecordCiphers::begin_sealing(Aead aead, std::span<const std::uint8_t> key,
                                             const Nonce& nonce) {
  return sealing_[index_of(aead)].begin(key, nonce);
}

EVP_CIPHER_CTX* RecordCiphers::begin_opening(Aead aead, std::span<const std::uint8_t> key,
                                             const Nonce& nonce) {
  return opening_[index_of(aead)].begin(key, nonce);
}

bool RecordCiphers::knows(Aead aead, std::span<const std::uint8_t> key) const {
  return sealing_[index_of(aead)].has(key) || opening_[index_of(aead)].has(key);
}

void RecordCiphers::forget(Aead aead, std::span<const std::uint8_t> key) {
  for (Context* context : {&sealing_[index_of(aead)], &opening_[index_of(aead)]}) {
    if (context->has(key)) context->wipe(key.size());
  }
}

}  // namespace sluice::tls
