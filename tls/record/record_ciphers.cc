#include "tls/record/record_ciphers.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "tls/record/ipsec_mb_cipher.h"
#include "tls/record/openssl_cipher.h"

namespace sluice::tls {
namespace {

std::size_t index_of(Aead aead) {
  return static_cast<std::size_t>(aead);
}

std::unique_ptr<RecordCipher> make(CipherLibrary library, Aead aead, Direction direction) {
  std::unique_ptr<RecordCipher> cipher;
  if (library == CipherLibrary::kFastest) cipher = make_ipsec_mb_cipher(aead, direction);
  return cipher ? std::move(cipher) : make_openssl_cipher(aead, direction);
}

}  // namespace

RecordCiphers::RecordCiphers(CipherLibrary library) : contexts_(std::make_unique<Contexts>()) {
  for (std::size_t i = 0; i < kAeads; ++i) {
    contexts_->sealing[i].cipher = make(library, static_cast<Aead>(i), Direction::kSealing);
    contexts_->opening[i].cipher = make(library, static_cast<Aead>(i), Direction::kOpening);
  }
}

RecordCiphers::~RecordCiphers() {
  for (std::array<Context, kAeads>* contexts : {&contexts_->sealing, &contexts_->opening}) {
    for (Context& context : *contexts) context.wipe();
  }
}

bool RecordCiphers::Context::has(std::span<const std::uint8_t> other) const {
  return keyed && CRYPTO_memcmp(key.data(), other.data(), other.size()) == 0;
}

void RecordCiphers::Context::wipe() {
  OPENSSL_cleanse(key.data(), key.size());
  cipher->wipe();
  keyed = false;
}

RecordCipher* RecordCiphers::Context::begin(std::span<const std::uint8_t> new_key,
                                            const RecordCipher::Nonce& nonce,
                                            std::span<const std::uint8_t> associated) {
  if (!has(new_key)) {
    keyed = cipher->set_key(new_key);
    if (!keyed) return nullptr;
    std::ranges::copy(new_key, key.begin());
  }
  return cipher->begin(nonce, associated) ? cipher.get() : nullptr;
}

RecordCipher* RecordCiphers::begin_sealing(Aead aead, std::span<const std::uint8_t> key,
                                           const RecordCipher::Nonce& nonce,
                                           std::span<const std::uint8_t> associated) {
  return contexts_->sealing[index_of(aead)].begin(key, nonce, associated);
}

RecordCipher* RecordCiphers::begin_opening(Aead aead, std::span<const std::uint8_t> key,
                                           const RecordCipher::Nonce& nonce,
                                           std::span<const std::uint8_t> associated) {
  return contexts_->opening[index_of(aead)].begin(key, nonce, associated);
}

bool RecordCiphers::knows(Aead aead, std::span<const std::uint8_t> key) const {
  return contexts_->sealing[index_of(aead)].has(key) || contexts_->opening[index_of(aead)].has(key);
}

void RecordCiphers::forget(Aead aead, std::span<const std::uint8_t> key) {
  for (Context* context :
       {&contexts_->sealing[index_of(aead)], &contexts_->opening[index_of(aead)]}) {
    if (context->has(key)) context->wipe();
  }
}

}  // namespace sluice::tls
