#include "dataplane/base/keyed_hash.h"

#include <sys/random.h>

#include <bit>
#include <stdexcept>

namespace sluice {
namespace {

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }

  void absorb(std::uint64_t word) {
    v3 ^= word;
    round();
    v0 ^= word;
  }
};

}  // namespace

std::uint64_t keyed_hash(const HashKey& key, const void* data, std::size_t size) {
  SipState state{key.low ^ 0x736f6d6570736575U, key.high ^ 0x646f72616e646f6dU,
                 key.low ^ 0x6c7967656e657261U, key.high ^ 0x7465646279746573U};
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::size_t offset = 0;
  for (; offset + 8 <= size; offset += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes + offset, 8);
    state.absorb(word);
  }
  std::uint64_t last = 0;
  std::memcpy(&last, bytes + offset, size - offset);
  state.absorb(last | (static_cast<std::uint64_t>(size) << 56));
  state.v2 ^= 0xff;
  state.round();
  state.round();
  state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

HashKey random_hash_key() {
  HashKey key;
  if (getrandom(&key, sizeof key, 0) != static_cast<ssize_t>(sizeof key)) {
    throw std::runtime_error("the system's random source gave no key");
  }
  return key;
}

void renew(HashKey& key) noexcept {
  HashKey fresh;
  if (getrandom(&fresh, sizeof fresh, GRND_NONBLOCK) == static_cast<ssize_t>(sizeof fresh)) {
    key = fresh;
  }
}

}  // namespace sluice
