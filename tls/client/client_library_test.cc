#include "tls/client/client_library.h"

#include <gtest/gtest.h>
#include <openssl/ec.h>

#include <string>
#include <vector>

#include "tls/testing/pair.h"
#include "tls/testing/test_client.h"

namespace sluice::tls {
namespace {

using testing::CertificateAuthority;
using testing::Pair;
using testing::TemporaryDirectory;
using testing::trusting_client;

using Extent = ClientLibrary::Extent;

bool has_cipher(const ClientLibrary& library, const char* name) {
  EVP_CIPHER* cipher = EVP_CIPHER_fetch(library.context(), name, nullptr);
  EVP_CIPHER_free(cipher);
  return cipher != nullptr;
}

OpenSslPointer<EVP_PKEY> new_key(const char* type) {
  EVP_PKEY* key = nullptr;
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr);
  EXPECT_EQ(EVP_PKEY_keygen_init(context), 1);
  EXPECT_EQ(EVP_PKEY_generate(context, &key), 1);
  EVP_PKEY_CTX_free(context);
  return OpenSslPointer<EVP_PKEY>(key);
}

// The key as it comes out of a certificate; null when the library does not know its type.
OpenSslPointer<EVP_PKEY> decoded(const ClientLibrary& library, EVP_PKEY* key) {
  unsigned char* bytes = nullptr;
  const int size = i2d_PUBKEY(key, &bytes);
  const unsigned char* next = bytes;
  OpenSslPointer<EVP_PKEY> copy(d2i_PUBKEY_ex(nullptr, &next, size, library.context(), nullptr));
  OPENSSL_free(bytes);
  return copy;
}

// A handshake of these settings with a server that has a key on P-256 or, with bits, for RSA.
bool opens(const ClientSettings& settings, unsigned rsa_bits = 0) {
  const TemporaryDirectory files;
  const auto issued =
      CertificateAuthority().issue({.dns_names = {"server.test"}, .rsa_bits = rsa_bits});
  const std::vector<CertificateSource> sources = {{files.write("server.pem", issued.both()), {}}};
  const ServerIdentity identity(sources, {});
  const ClientContext context(settings);
  Pair pair(identity, context);
  pair.handshake();
  return pair.client.handler.opened && pair.server.handler.opened;
}

ClientSettings with_own_library(int version) {
  ClientSettings settings = trusting_client(version);
  settings.own_library = true;
  return settings;
}

TEST(ClientLibrary, KnowsTheKeysOfCertificates) {
  const ClientLibrary library(Extent::kHandshakes);
  std::vector<OpenSslPointer<EVP_PKEY>> keys;
  for (const char* curve : {"P-256", "P-384", "P-521"}) keys.emplace_back(EVP_EC_gen(curve));
  for (const char* type : {"ED25519", "ED448", "RSA", "RSA-PSS"}) keys.push_back(new_key(type));
  for (const auto& key : keys) {
    ASSERT_NE(key, nullptr);
    const auto copy = decoded(library, key.get());
    ASSERT_NE(copy, nullptr) << EVP_PKEY_get0_type_name(key.get());
    EXPECT_EQ(EVP_PKEY_eq(copy.get(), key.get()), 1) << EVP_PKEY_get0_type_name(key.get());
  }
}

TEST(ClientLibrary, HasWhatHandshakesNeedAndNoMoreWhereThatIsCostly) {
  const ClientLibrary whole(Extent::kWhole);
  const ClientLibrary reduced(Extent::kHandshakes);
  for (const char* name : {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305", "AES-128-CCM"}) {
    EXPECT_TRUE(has_cipher(whole, name)) << name;
    EXPECT_TRUE(has_cipher(reduced, name)) << name;
  }
  const bool is_costly = OPENSSL_version_major() == 3 && OPENSSL_version_minor() < 2;
  EXPECT_TRUE(has_cipher(whole, "CAMELLIA-128-CBC"));
  EXPECT_EQ(has_cipher(reduced, "CAMELLIA-128-CBC"), !is_costly);
}

TEST(ClientLibrary, SpeaksEverySuiteAndGroup) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    ClientSettings settings = with_own_library(version);
    EXPECT_TRUE(opens(settings)) << version;
    for (const char* groups : {"X25519", "P-256", "P-384"}) {
      settings.groups = groups;
      EXPECT_TRUE(opens(settings, 2048)) << version << ' ' << groups;
    }
  }
  for (const char* suite :
       {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}) {
    ClientSettings settings = with_own_library(TLS1_3_VERSION);
    settings.ciphersuites = suite;
    EXPECT_TRUE(opens(settings)) << suite;
  }
}

TEST(ClientLibrary, HasAnyCipherThatIsAskedFor) {
  ClientSettings settings = with_own_library(TLS1_2_VERSION);
  for (const char* cipher : {"ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES256-GCM-SHA384"}) {
    settings.ciphers = cipher;
    EXPECT_TRUE(opens(settings)) << cipher;
  }
  settings.ciphers = "ECDHE-ECDSA-CAMELLIA128-SHA256";
  EXPECT_NO_THROW(ClientContext{settings});
}

}  // namespace
}  // namespace sluice::tls
