#include "tls/record/key_schedule.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sluice::tls {
namespace {

OpenSslPointer<EVP_KDF_CTX> make(const char* name) {
  const OpenSslPointer<EVP_KDF> kdf(EVP_KDF_fetch(nullptr, name, nullptr));
  OpenSslPointer<EVP_KDF_CTX> context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
  if (!context) throw std::runtime_error("OpenSSL has no " + std::string(name));
  return context;
}

// OpenSSL does not write to its parameters.
OSSL_PARAM octets(const char* name, std::span<const std::uint8_t> bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(bytes.data()),
                                           bytes.size());
}
OSSL_PARAM text(const char* name, const char* value) {
  return OSSL_PARAM_construct_utf8_string(name, const_cast<char*>(value), 0);
}
std::span<const std::uint8_t> bytes_of(std::string_view chars) {
  return {reinterpret_cast<const std::uint8_t*>(chars.data()), chars.size()};
}

}  // namespace

KeySchedule::KeySchedule() : expand_(make("HKDF")), tls12_(make("TLS1-PRF")) {}

// HKDF-Expand-Label with an empty context (RFC 8446 section 7.1).
bool KeySchedule::expand(Suite suite, std::span<const std::uint8_t> secret, std::string_view label,
                         std::span<std::uint8_t> out) {
  constexpr std::string_view kPrefix = "tls13 ";
  std::array<std::uint8_t, 32> info{};
  std::size_t size = 0;
  info[size++] = 0;
  info[size++] = static_cast<std::uint8_t>(out.size());
  info[size++] = static_cast<std::uint8_t>(kPrefix.size() + label.size());
  for (const std::string_view part : {kPrefix, label}) {
    std::ranges::copy(part, info.begin() + static_cast<std::ptrdiff_t>(size));
    size += part.size();
  }
  info[size++] = 0;
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  const std::array parameters = {
      OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
      text(OSSL_KDF_PARAM_DIGEST, suite.hash()), octets(OSSL_KDF_PARAM_KEY, secret),
      octets(OSSL_KDF_PARAM_INFO, std::span(info).first(size)), OSSL_PARAM_construct_end()};
  EVP_KDF_CTX_reset(expand_.get());
  const bool done = EVP_KDF_derive(expand_.get(), out.data(), out.size(), parameters.data()) == 1;
  EVP_KDF_CTX_reset(expand_.get());  // wipes the secret
  return done;
}

bool KeySchedule::derive_key(Suite suite, TrafficKeys& keys) {
  keys.set_sequence(0);
  const auto secret = std::span(keys.secret).first(suite.hash_size());
  return expand(suite, secret, "key", std::span(keys.key).first(suite.key_size())) &&
         expand(suite, secret, "iv", keys.iv);
}

bool KeySchedule::begin(Suite suite, std::span<const std::uint8_t> secret, TrafficKeys& keys) {
  if (secret.size() != suite.hash_size()) return false;
  std::memcpy(keys.secret.data(), secret.data(), secret.size());
  return derive_key(suite, keys);
}

bool KeySchedule::update(Suite suite, TrafficKeys& keys) {
  std::array<std::uint8_t, kMaxSecretSize> next{};
  const auto room = std::span(next).first(suite.hash_size());
  const bool done = expand(suite, std::span(keys.secret).first(room.size()), "traffic upd", room) &&
                    begin(suite, room, keys);
  OPENSSL_cleanse(next.data(), next.size());
  return done;
}

bool KeySchedule::begin_tls12(Suite suite, std::span<const std::uint8_t> master_secret,
                              std::span<const std::uint8_t, 64> randoms, TrafficKeys& client,
                              TrafficKeys& server) {
  std::array<std::uint8_t, 2 * (kMaxKeySize + kNonceSize)> block{};
  const std::size_t key = suite.key_size();
  const std::size_t iv = suite.fixed_nonce_size();
  const std::array parameters = {text(OSSL_KDF_PARAM_DIGEST, suite.hash()),
                                 octets(OSSL_KDF_PARAM_SECRET, master_secret),
                                 octets(OSSL_KDF_PARAM_SEED, bytes_of("key expansion")),
                                 octets(OSSL_KDF_PARAM_SEED, randoms), OSSL_PARAM_construct_end()};
  EVP_KDF_CTX_reset(tls12_.get());
  const bool done =
      EVP_KDF_derive(tls12_.get(), block.data(), 2 * (key + iv), parameters.data()) == 1;
  EVP_KDF_CTX_reset(tls12_.get());
  // Both keys come first, then both fixed parts of the nonces.
  std::copy_n(block.begin(), key, client.key.begin());
  std::copy_n(block.begin() + key, key, server.key.begin());
  std::copy_n(block.begin() + 2 * key, iv, client.iv.begin());
  std::copy_n(block.begin() + 2 * key + iv, iv, server.iv.begin());
  OPENSSL_cleanse(block.data(), block.size());
  return done;
}

}  // namespace sluice::tls
