#include "tls/record/key_schedule.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "tls/record/key_derivation.h"

namespace sluice::tls {
namespace {

constexpr std::string_view kTls12Label = "key expansion";

std::span<const std::uint8_t> secret_of(Suite suite, const TrafficKeys& keys) {
  return std::span(keys.secret).first(suite.hash_size());
}

std::span<const std::uint8_t> bytes_of(std::string_view chars) {
  return {reinterpret_cast<const std::uint8_t*>(chars.data()), chars.size()};
}

}  // namespace

void begin_keys(Suite suite, std::span<const std::uint8_t> secret, TrafficKeys& keys) {
  std::copy_n(secret.begin(), suite.hash_size(), keys.secret.begin());
  expand_label(suite.hash(), secret_of(suite, keys), "key", {},
               std::span(keys.key).first(suite.key_size()));
  expand_label(suite.hash(), secret_of(suite, keys), "iv", {}, keys.iv);
  keys.set_sequence(0);
}

void update_keys(Suite suite, TrafficKeys& keys) {
  std::array<std::uint8_t, kMaxSecretSize> next;
  const auto room = std::span(next).first(suite.hash_size());
  expand_label(suite.hash(), secret_of(suite, keys), "traffic upd", {}, room);
  begin_keys(suite, room, keys);
  OPENSSL_cleanse(next.data(), next.size());
}

void begin_tls12_keys(Suite suite, std::span<const std::uint8_t> master_secret,
                      std::span<const std::uint8_t, 64> randoms, TrafficKeys& client,
                      TrafficKeys& server) {
  std::array<std::uint8_t, 2 * (kMaxKeySize + kNonceSize)> block;
  const std::size_t key = suite.key_size();
  const std::size_t iv = suite.fixed_nonce_size();
  const std::array<std::span<const std::uint8_t>, 2> seeds = {bytes_of(kTls12Label), randoms};
  tls12_prf(suite.hash(), master_secret, seeds, std::span(block).first(2 * (key + iv)));
  // Both keys come first, then both fixed parts of the nonces.
  std::copy_n(block.begin(), key, client.key.begin());
  std::copy_n(block.begin() + key, key, server.key.begin());
  std::copy_n(block.begin() + 2 * key, iv, client.iv.begin());
  std::copy_n(block.begin() + 2 * key + iv, iv, server.iv.begin());
  client.set_sequence(0);
  server.set_sequence(0);
  OPENSSL_cleanse(block.data(), block.size());
}

}  // namespace sluice::tls
