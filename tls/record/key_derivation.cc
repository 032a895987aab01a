#include "tls/record/key_derivation.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace sluice::tls {
namespace {

using Bytes = std::span<const std::uint8_t>;

// The digests' old functions: with EVP a keyed state can only be copied into memory that is taken
// for it, and that costs more than the digest.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

struct Sha256 {
  using State = SHA256_CTX;
  static constexpr std::size_t kSize = SHA256_DIGEST_LENGTH;
  static constexpr std::size_t kBlock = SHA256_CBLOCK;
  static void begin(State& state) { SHA256_Init(&state); }
  static void add(State& state, Bytes bytes) { SHA256_Update(&state, bytes.data(), bytes.size()); }
  static void finish(State& state, std::uint8_t* out) { SHA256_Final(out, &state); }
};

struct Sha384 {
  using State = SHA512_CTX;
  static constexpr std::size_t kSize = SHA384_DIGEST_LENGTH;
  static constexpr std::size_t kBlock = SHA512_CBLOCK;
  static void begin(State& state) { SHA384_Init(&state); }
  static void add(State& state, Bytes bytes) { SHA384_Update(&state, bytes.data(), bytes.size()); }
  static void finish(State& state, std::uint8_t* out) { SHA384_Final(out, &state); }
};

#pragma GCC diagnostic pop

// As much of `block` as there is room for. Returns the room that is left.
std::span<std::uint8_t> put(Bytes block, std::span<std::uint8_t> room) {
  const std::size_t size = std::min(block.size(), room.size());
  std::copy_n(block.begin(), size, room.begin());
  return room.subspan(size);
}

template <typename Digest>
void digest_with(Bytes bytes, std::span<std::uint8_t> out) {
  typename Digest::State state;
  std::array<std::uint8_t, Digest::kSize> result;
  Digest::begin(state);
  Digest::add(state, bytes);
  Digest::finish(state, result.data());
  (void)put(result, out);
}

// HMAC (RFC 2104) with one key, which is taken in once. Wiped when it is destroyed.
template <typename Digest>
class Hmac {
 public:
  using Result = std::array<std::uint8_t, Digest::kSize>;

  explicit Hmac(Bytes key) {
    std::array<std::uint8_t, Digest::kBlock> block{};
    if (key.size() <= block.size()) {
      std::ranges::copy(key, block.begin());
    } else {
      digest_with<Digest>(key, block);
    }
    absorb(block, 0x36, inner_);
    absorb(block, 0x5c, outer_);
    OPENSSL_cleanse(block.data(), block.size());
  }
  ~Hmac() { OPENSSL_cleanse(this, sizeof(*this)); }
  Hmac(const Hmac&) = delete;
  Hmac& operator=(const Hmac&) = delete;

  // Begins a message. One at a time.
  void begin() { state_ = inner_; }
  void add(Bytes bytes) { Digest::add(state_, bytes); }
  void add(std::uint8_t byte) { Digest::add(state_, {&byte, 1}); }
  void finish(Result& out) {
    Digest::finish(state_, out.data());
    state_ = outer_;
    Digest::add(state_, out);
    Digest::finish(state_, out.data());
  }

 private:
  static void absorb(std::array<std::uint8_t, Digest::kBlock> block, std::uint8_t pad,
                     typename Digest::State& state) {
    for (std::uint8_t& byte : block) byte ^= pad;
    Digest::begin(state);
    Digest::add(state, block);
    OPENSSL_cleanse(block.data(), block.size());
  }

  typename Digest::State inner_;
  typename Digest::State outer_;
  typename Digest::State state_;
};

template <typename Digest>
void extract_with(Bytes salt, Bytes key, std::span<std::uint8_t> out) {
  Hmac<Digest> hmac(salt);
  typename Hmac<Digest>::Result result;
  hmac.begin();
  hmac.add(key);
  hmac.finish(result);
  (void)put(result, out);
  OPENSSL_cleanse(result.data(), result.size());
}

template <typename Digest>
void expand_with(Bytes secret, std::string_view label, Bytes context, std::span<std::uint8_t> out) {
  static constexpr std::string_view kPrefix = "tls13 ";
  std::array<std::uint8_t, 3 + 255> head;
  const std::size_t size = std::min(kPrefix.size() + label.size(), head.size() - 3);
  head[0] = static_cast<std::uint8_t>(out.size() >> 8U);
  head[1] = static_cast<std::uint8_t>(out.size());
  head[2] = static_cast<std::uint8_t>(size);
  std::ranges::copy(kPrefix, head.begin() + 3);
  std::copy_n(label.begin(), size - kPrefix.size(), head.begin() + 3 + kPrefix.size());

  Hmac<Digest> hmac(secret);
  typename Hmac<Digest>::Result block{};
  std::size_t before = 0;  // of the block before
  for (std::uint8_t number = 1; !out.empty(); ++number) {
    hmac.begin();
    hmac.add(Bytes(block).first(before));
    hmac.add(Bytes(head).first(3 + size));
    hmac.add(static_cast<std::uint8_t>(context.size()));
    hmac.add(context);
    hmac.add(number);
    hmac.finish(block);
    before = block.size();
    out = put(block, out);
  }
  OPENSSL_cleanse(block.data(), block.size());
}

template <typename Digest>
void prf_with(Bytes secret, std::span<const Bytes> seeds, std::span<std::uint8_t> out) {
  Hmac<Digest> hmac(secret);
  typename Hmac<Digest>::Result chain{};  // A(i)
  typename Hmac<Digest>::Result block{};
  const auto add_seeds = [&] {
    for (const Bytes seed : seeds) hmac.add(seed);
  };
  hmac.begin();
  add_seeds();
  hmac.finish(chain);
  while (true) {
    hmac.begin();
    hmac.add(chain);
    add_seeds();
    hmac.finish(block);
    out = put(block, out);
    if (out.empty()) break;
    hmac.begin();
    hmac.add(chain);
    hmac.finish(chain);
  }
  OPENSSL_cleanse(chain.data(), chain.size());
  OPENSSL_cleanse(block.data(), block.size());
}

}  // namespace

void digest(Hash hash, Bytes bytes, std::span<std::uint8_t> out) {
  hash == Hash::kSha256 ? digest_with<Sha256>(bytes, out) : digest_with<Sha384>(bytes, out);
}

void extract(Hash hash, Bytes salt, Bytes key, std::span<std::uint8_t> out) {
  hash == Hash::kSha256 ? extract_with<Sha256>(salt, key, out)
                        : extract_with<Sha384>(salt, key, out);
}

void expand_label(Hash hash, Bytes secret, std::string_view label, Bytes context,
                  std::span<std::uint8_t> out) {
  hash == Hash::kSha256 ? expand_with<Sha256>(secret, label, context, out)
                        : expand_with<Sha384>(secret, label, context, out);
}

void tls12_prf(Hash hash, Bytes secret, std::span<const Bytes> seeds, std::span<std::uint8_t> out) {
  hash == Hash::kSha256 ? prf_with<Sha256>(secret, seeds, out)
                        : prf_with<Sha384>(secret, seeds, out);
}

}  // namespace sluice::tls
