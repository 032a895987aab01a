#include "tls/handshake/key_derivation_provider.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/params.h>

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tls {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr const char* kOwn = "sluice.key_derivation=yes";
constexpr const char* kOpenSsl = "provider=default";

OpenSslPointer<EVP_KDF> fetch(const char* name, const char* properties,
                              OSSL_LIB_CTX* library = nullptr) {
  return OpenSslPointer<EVP_KDF>(EVP_KDF_fetch(library, name, properties));
}

std::string provider_of(const EVP_KDF* derivation) {
  return OSSL_PROVIDER_get0_name(EVP_KDF_get0_provider(derivation));
}

// The parameters of one derivation, as libssl gives them.
class Request {
 public:
  explicit Request(const char* name) : name_(name) {}

  Request& text(const char* key, const char* value) {
    parameters_.push_back(OSSL_PARAM_construct_utf8_string(key, const_cast<char*>(value), 0));
    return *this;
  }
  Request& bytes(const char* key, const Bytes& value) {
    parameters_.push_back(OSSL_PARAM_construct_octet_string(
        key, const_cast<std::uint8_t*>(value.data()), value.size()));
    return *this;
  }
  Request& number(const char* key, int& value) {
    parameters_.push_back(OSSL_PARAM_construct_int(key, &value));
    return *this;
  }

  /// Nothing when it fails.
  [[nodiscard]] std::optional<Bytes> derive(const char* properties, std::size_t size) const {
    const auto derivation = fetch(name_, properties);
    const OpenSslPointer<EVP_KDF_CTX> context(EVP_KDF_CTX_new(derivation.get()));
    std::vector<OSSL_PARAM> parameters = parameters_;
    parameters.push_back(OSSL_PARAM_construct_end());
    Bytes out(size);
    const bool done = EVP_KDF_derive(context.get(), out.data(), out.size(), parameters.data()) == 1;
    return done ? std::optional(out) : std::nullopt;
  }

 private:
  const char* name_;
  std::vector<OSSL_PARAM> parameters_;
};

class KeyDerivationProviderTest : public ::testing::Test {
 protected:
  Bytes random_bytes(std::size_t size) {
    Bytes bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_());
    return bytes;
  }
  Request expansion(const Bytes& secret, const Bytes& context, const char* label = "c ap traffic",
                    const char* digest = "SHA256") {
    Request request("TLS13-KDF");
    request.number(OSSL_KDF_PARAM_MODE, expand_).text(OSSL_KDF_PARAM_DIGEST, digest);
    request.bytes(OSSL_KDF_PARAM_KEY, secret).bytes(OSSL_KDF_PARAM_PREFIX, prefix_);
    label_.assign(label, label + std::string_view(label).size());
    request.bytes(OSSL_KDF_PARAM_LABEL, label_);
    if (!context.empty()) request.bytes(OSSL_KDF_PARAM_DATA, context);
    return request;
  }

  KeyDerivationProvider provider_{nullptr};
  std::mt19937 random_{1};
  int expand_ = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  int extract_ = EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
  const Bytes prefix_ = {'t', 'l', 's', '1', '3', ' '};
  Bytes label_;
};

TEST_F(KeyDerivationProviderTest, IsTakenByThoseAloneWhoPreferIt) {
  for (const char* name : {"TLS13-KDF", "TLS1-PRF"}) {
    EXPECT_EQ(provider_of(fetch(name, nullptr).get()), "default");
    EXPECT_EQ(provider_of(fetch(name, KeyDerivationProvider::kPreference).get()),
              "sluice-key-derivation");
  }
  EXPECT_EQ(provider_of(fetch("HKDF", KeyDerivationProvider::kPreference).get()), "default");
}

TEST_F(KeyDerivationProviderTest, LeavesALibraryItsDefaultProvider) {
  const OpenSslPointer<OSSL_LIB_CTX> library(OSSL_LIB_CTX_new());
  const KeyDerivationProvider provider(library.get());
  EXPECT_NE(fetch("TLS13-KDF", kOwn, library.get()), nullptr);
  EXPECT_NE(fetch("HKDF", nullptr, library.get()), nullptr);
}

TEST_F(KeyDerivationProviderTest, ExpandsAsOpenSslDoes) {
  for (const auto& [digest, size] : {std::pair{"SHA256", 32U}, {"SHA384", 48U}}) {
    for (const std::size_t wanted : {1U, 12U, 16U, 32U, 48U, 49U, 300U}) {
      const Bytes secret = random_bytes(size);
      const Bytes context = random_bytes(wanted % 2 == 0 ? size : 0);
      const Request request = expansion(secret, context, "exporter label", digest);
      const auto own = request.derive(kOwn, wanted);
      EXPECT_TRUE(own.has_value());
      EXPECT_EQ(own, request.derive(kOpenSsl, wanted)) << digest << ' ' << wanted;
    }
  }
}

TEST_F(KeyDerivationProviderTest, ExtractsAsOpenSslDoes) {
  const Bytes label = {'d', 'e', 'r', 'i', 'v', 'e', 'd'};
  for (const auto& [digest, size] : {std::pair{"SHA256", 32U}, {"SHA384", 48U}}) {
    for (const bool with_secret : {true, false}) {
      for (const bool with_salt : {true, false}) {
        const Bytes secret = random_bytes(32);
        const Bytes salt = random_bytes(size);
        Request request("TLS13-KDF");
        request.number(OSSL_KDF_PARAM_MODE, extract_).text(OSSL_KDF_PARAM_DIGEST, digest);
        request.bytes(OSSL_KDF_PARAM_PREFIX, prefix_).bytes(OSSL_KDF_PARAM_LABEL, label);
        if (with_secret) request.bytes(OSSL_KDF_PARAM_KEY, secret);
        if (with_salt) request.bytes(OSSL_KDF_PARAM_SALT, salt);
        const auto own = request.derive(kOwn, size);
        EXPECT_TRUE(own.has_value());
        EXPECT_EQ(own, request.derive(kOpenSsl, size)) << digest << with_secret << with_salt;
      }
    }
  }
}

TEST_F(KeyDerivationProviderTest, ThePrfIsThatOfOpenSsl) {
  for (const char* digest : {"SHA256", "SHA384"}) {
    for (const std::size_t size : {12U, 40U, 48U, 88U, 200U}) {
      const Bytes secret = random_bytes(size);
      const Bytes label = random_bytes(13);
      const Bytes seed = random_bytes(64);
      Request request("TLS1-PRF");
      request.text(OSSL_KDF_PARAM_DIGEST, digest).bytes(OSSL_KDF_PARAM_SECRET, secret);
      for (const Bytes* part : {&label, &seed, &seed}) request.bytes(OSSL_KDF_PARAM_SEED, *part);
      const auto own = request.derive(kOwn, size);
      EXPECT_TRUE(own.has_value());
      EXPECT_EQ(own, request.derive(kOpenSsl, size)) << digest << ' ' << size;
    }
  }
}

TEST_F(KeyDerivationProviderTest, RefusesWhatItDoesNotKnow) {
  const Bytes secret(32, 1);
  EXPECT_FALSE(expansion(secret, {}, "key", "SHA512").derive(kOwn, 16));
  EXPECT_FALSE(Request("TLS13-KDF").derive(kOwn, 16));
  EXPECT_FALSE(Request("TLS1-PRF").derive(kOwn, 16));
  Request old("TLS1-PRF");
  old.text(OSSL_KDF_PARAM_DIGEST, "MD5-SHA1").bytes(OSSL_KDF_PARAM_SECRET, secret);
  EXPECT_FALSE(old.bytes(OSSL_KDF_PARAM_SEED, secret).derive(kOwn, 16));
  Request extraction("TLS13-KDF");
  extraction.number(OSSL_KDF_PARAM_MODE, extract_).text(OSSL_KDF_PARAM_DIGEST, "SHA256");
  EXPECT_FALSE(extraction.bytes(OSSL_KDF_PARAM_PREFIX, prefix_).derive(kOwn, 31));
}

TEST_F(KeyDerivationProviderTest, CopiesTheTrafficSecretsAndNothingElse) {
  const Bytes secret(32, 1);
  TrafficSecrets secrets;
  std::optional<Bytes> client;
  std::optional<Bytes> server;
  {
    const TrafficSecretsCopy copy(secrets);
    client = expansion(secret, secret, "c ap traffic").derive(kOwn, 32);
    server = expansion(secret, secret, "s ap traffic").derive(kOwn, 32);
    (void)expansion(secret, secret, "s hs traffic").derive(kOwn, 32);
    (void)expansion(secret, secret, "exp master").derive(kOwn, 32);
  }
  (void)expansion(Bytes(32, 2), secret, "c ap traffic").derive(kOwn, 32);
  EXPECT_EQ(Bytes(secrets.client.get().begin(), secrets.client.get().end()), client);
  EXPECT_EQ(Bytes(secrets.server.get().begin(), secrets.server.get().end()), server);
}

TEST_F(KeyDerivationProviderTest, TheCopyOfAnInnerHandshakeIsItsOwn) {
  const Bytes secret(32, 1);
  TrafficSecrets outer;
  TrafficSecrets inner;
  const TrafficSecretsCopy copy(outer);
  {
    const TrafficSecretsCopy within(inner);
    (void)expansion(secret, secret, "c ap traffic").derive(kOwn, 32);
  }
  (void)expansion(secret, secret, "s ap traffic").derive(kOwn, 32);
  EXPECT_EQ(inner.client.get().size(), 32U);
  EXPECT_TRUE(outer.client.get().empty());
  EXPECT_EQ(outer.server.get().size(), 32U);
}

}  // namespace
}  // namespace sluice::tls
