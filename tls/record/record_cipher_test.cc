#include "tls/record/record_cipher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "tls/record/ipsec_mb_cipher.h"
#include "tls/record/openssl_cipher.h"

namespace sluice::tls {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// Of both libraries, for one AEAD and direction.
struct Both {
  Both(Aead aead, Direction direction)
      : own(make_openssl_cipher(aead, direction)), other(make_ipsec_mb_cipher(aead, direction)) {}

  std::unique_ptr<RecordCipher> own;
  std::unique_ptr<RecordCipher> other;
};

class RecordCipherLibraries : public ::testing::TestWithParam<Aead> {
 public:
  RecordCipherLibraries() {
    if (!sealing_.other) return;
    Bytes key(GetParam() == Aead::kAes128Gcm ? 16 : 32);
    std::iota(key.begin(), key.end(), std::uint8_t{1});
    for (RecordCipher* cipher :
         {sealing_.own.get(), sealing_.other.get(), opening_.own.get(), opening_.other.get()}) {
      EXPECT_TRUE(cipher->set_key(key));
    }
  }
  void SetUp() override {
    if (!sealing_.other) GTEST_SKIP() << "no such library, or no AES instructions";
  }

  Bytes random_bytes(std::size_t size) {
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_());
    return bytes;
  }
  // In pieces of any size.
  Bytes apply(RecordCipher& cipher, const Bytes& from) {
    EXPECT_TRUE(cipher.begin(nonce_, associated_));
    Bytes to(from.size());
    for (std::size_t at = 0; at < from.size();) {
      const std::size_t size = std::min<std::size_t>(1 + random_() % 3000, from.size() - at);
      EXPECT_TRUE(cipher.apply(std::span(from).subspan(at, size), to.data() + at));
      at += size;
    }
    return to;
  }

  Both sealing_{GetParam(), Direction::kSealing};
  Both opening_{GetParam(), Direction::kOpening};
  std::mt19937 random_{1};
  RecordCipher::Nonce nonce_{1, 2, 3};
  Bytes associated_ = {23, 3, 3, 0, 17};
};

INSTANTIATE_TEST_SUITE_P(Aeads, RecordCipherLibraries,
                         ::testing::Values(Aead::kAes128Gcm, Aead::kAes256Gcm));

TEST_P(RecordCipherLibraries, SealAlike) {
  for (int round = 0; round < 200; ++round) {
    const Bytes plaintext = random_bytes(random_() % 16385);
    RecordCipher::Tag tag;
    RecordCipher::Tag other_tag;
    const Bytes sealed = apply(*sealing_.own, plaintext);
    ASSERT_TRUE(sealing_.own->finish(tag));
    ASSERT_EQ(apply(*sealing_.other, plaintext), sealed);
    ASSERT_TRUE(sealing_.other->finish(other_tag));
    ASSERT_EQ(tag, other_tag);
    ++nonce_[11];
  }
}

TEST_P(RecordCipherLibraries, OpenWhatTheOtherHasSealed) {
  const Bytes plaintext = random_bytes(5000);
  for (const auto& [seals, opens] : {std::pair(sealing_.own.get(), opening_.other.get()),
                                     std::pair(sealing_.other.get(), opening_.own.get())}) {
    const Bytes sealed = apply(*seals, plaintext);
    RecordCipher::Tag tag;
    ASSERT_TRUE(seals->finish(tag));
    EXPECT_EQ(apply(*opens, sealed), plaintext);
    EXPECT_TRUE(opens->verify(tag));
    tag[15] ^= 1;
    EXPECT_EQ(apply(*opens, sealed), plaintext);
    EXPECT_FALSE(opens->verify(tag));
  }
}

TEST_P(RecordCipherLibraries, WipedContextsTakeANewKey) {
  const Bytes plaintext = random_bytes(100);
  const Bytes sealed = apply(*sealing_.other, plaintext);
  sealing_.other->wipe();
  EXPECT_NE(apply(*sealing_.other, plaintext), sealed);
  Bytes key(GetParam() == Aead::kAes128Gcm ? 16 : 32);
  std::iota(key.begin(), key.end(), std::uint8_t{1});
  ASSERT_TRUE(sealing_.other->set_key(key));
  EXPECT_EQ(apply(*sealing_.other, plaintext), sealed);
}

TEST(RecordCipherLibrary, ChaCha20Poly1305IsOpenSsls) {
  EXPECT_EQ(make_ipsec_mb_cipher(Aead::kChaCha20Poly1305, Direction::kSealing), nullptr);
  EXPECT_NE(make_openssl_cipher(Aead::kChaCha20Poly1305, Direction::kSealing), nullptr);
}

}  // namespace
}  // namespace sluice::tls
