#include "tls/certificate/key_decoder.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::tls {
namespace {

enum class Form { kPkcs8, kTraditional };

std::vector<std::uint8_t> der_of(EVP_PKEY* key, Form form) {
  unsigned char* bytes = nullptr;
  int size = 0;
  if (form == Form::kTraditional) {
    size = i2d_PrivateKey(key, &bytes);
  } else {
    const OpenSslPointer<PKCS8_PRIV_KEY_INFO> info(EVP_PKEY2PKCS8(key));
    size = i2d_PKCS8_PRIV_KEY_INFO(info.get(), &bytes);
  }
  std::vector<std::uint8_t> der(bytes, bytes + size);
  OPENSSL_free(bytes);
  return der;
}

TEST(KeyDecoder, ReadsOneKeyAfterTheOtherInEveryForm) {
  KeyDecoder decoder;
  for (int round = 0; round < 3; ++round) {
    for (const Form form : {Form::kPkcs8, Form::kTraditional}) {
      const OpenSslPointer<EVP_PKEY> keys[] = {
          OpenSslPointer<EVP_PKEY>(EVP_EC_gen("P-256")),
          OpenSslPointer<EVP_PKEY>(EVP_EC_gen("P-384")),
          OpenSslPointer<EVP_PKEY>(EVP_RSA_gen(2048)),
          OpenSslPointer<EVP_PKEY>(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"))};
      for (const auto& key : keys) {
        const OpenSslPointer<EVP_PKEY> read = decoder.decode(der_of(key.get(), form));
        ASSERT_NE(read, nullptr) << EVP_PKEY_get0_type_name(key.get());
        EXPECT_EQ(EVP_PKEY_eq(read.get(), key.get()), 1);
      }
    }
  }
}

TEST(KeyDecoder, ADamagedKeyDoesNotSpoilTheNext) {
  KeyDecoder decoder;
  const OpenSslPointer<EVP_PKEY> key(EVP_EC_gen("P-256"));
  const std::vector<std::uint8_t> good = der_of(key.get(), Form::kPkcs8);
  std::vector<std::uint8_t> damaged = good;
  damaged[good.size() - 10] ^= 0xff;  // in the public key, which is not on the curve any more
  EXPECT_EQ(decoder.decode({}), nullptr);
  EXPECT_EQ(decoder.decode(damaged), nullptr);
  EXPECT_EQ(decoder.decode(std::span(good).first(good.size() / 2)), nullptr);
  const OpenSslPointer<EVP_PKEY> read = decoder.decode(good);
  ASSERT_NE(read, nullptr);
  EXPECT_EQ(EVP_PKEY_eq(read.get(), key.get()), 1);
}

}  // namespace
}  // namespace sluice::tls
