#include "tls/server/server_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tls/server/server_identity.h"
#include "tls/testing/certificates.h"
#include "tls/testing/connection.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::tls {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

// What a server with a policy and a client agree on.
class Policy : public ::testing::Test {
 protected:
  struct Agreed {
    std::string version;
    std::string cipher;
    std::string group;
  };

  // Nothing when they do not agree.
  Agreed agree(const ServerPolicy& policy, const testing::ClientOptions& client) {
    const std::vector<CertificateSource> sources{{files_.write("a.pem", issued_.both()), {}}};
    const ServerIdentity identity(sources, IdentityOptions{.policy = policy});
    testing::Connection connection(identity, {.client = client});
    connection.handshake();
    if (!connection.client.open()) return {};
    Agreed agreed{SSL_get_version(connection.client.ssl()), connection.agreed.cipher,
                  connection.agreed.group};
    connection.handler.abort();
    return agreed;
  }

  testing::CertificateAuthority authority_;
  testing::TemporaryDirectory files_;
  testing::IssuedCertificate issued_ = authority_.issue({.dns_names = {"a"}});
};

TEST_F(Policy, IntermediateTakesTwoVersionsAndModernOne) {
  EXPECT_EQ(agree(intermediate_policy(), {.version = TLS1_2_VERSION}).version, "TLSv1.2");
  EXPECT_EQ(agree(intermediate_policy(), {}).version, "TLSv1.3");
  EXPECT_EQ(agree(modern_policy(), {.version = TLS1_2_VERSION}).version, "");
  EXPECT_EQ(agree(modern_policy(), {}).version, "TLSv1.3");
  ServerPolicy old = intermediate_policy();
  old.max_version = Version::kTls12;
  EXPECT_EQ(agree(old, {}).version, "TLSv1.2");
}

TEST_F(Policy, TheClientsOrderOfCiphersCountsUnlessTheServersShall) {
  const testing::ClientOptions client{
      .version = TLS1_2_VERSION,
      .ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"};
  ServerPolicy policy = intermediate_policy();
  EXPECT_EQ(agree(policy, client).cipher, "ECDHE-ECDSA-AES256-GCM-SHA384");
  policy.prefer_own_order = true;
  EXPECT_EQ(agree(policy, client).cipher, "ECDHE-ECDSA-AES128-GCM-SHA256");
}

TEST_F(Policy, AClientThatHasChaChaFirstGetsItInEitherOrder) {
  const testing::ClientOptions client{
      .version = TLS1_2_VERSION,
      .ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256"};
  ServerPolicy policy = intermediate_policy();
  EXPECT_EQ(agree(policy, client).cipher, "ECDHE-ECDSA-CHACHA20-POLY1305");
  policy.prefer_own_order = true;
  EXPECT_EQ(agree(policy, client).cipher, "ECDHE-ECDSA-CHACHA20-POLY1305");
}

TEST_F(Policy, OnlyWhatIsListedIsTaken) {
  ServerPolicy policy = intermediate_policy();
  policy.ciphers = {"ECDHE-ECDSA-AES256-GCM-SHA384"};
  policy.ciphersuites = {"TLS_CHACHA20_POLY1305_SHA256"};
  policy.groups = {"P-384"};
  EXPECT_EQ(agree(policy, {.version = TLS1_2_VERSION}).cipher, "ECDHE-ECDSA-AES256-GCM-SHA384");
  EXPECT_EQ(agree(policy, {.version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"})
                .version,
            "");
  const Agreed agreed = agree(policy, {});
  EXPECT_EQ(agreed.cipher, "TLS_CHACHA20_POLY1305_SHA256");
  EXPECT_EQ(agreed.group, "secp384r1");
  EXPECT_EQ(agree(policy, {.groups = "X25519"}).version, "");
}

TEST_F(Policy, EveryListedCipherIsKnownToOpenSsl) {
  for (const std::string& cipher : tls12_ciphers()) {
    if (cipher.find("ECDSA") == std::string::npos) continue;
    EXPECT_EQ(agree(intermediate_policy(), {.version = TLS1_2_VERSION, .ciphers = cipher}).cipher,
              cipher);
  }
  for (const std::string& suite : tls13_ciphersuites()) {
    ServerPolicy policy = modern_policy();
    policy.ciphersuites = {suite};
    EXPECT_EQ(agree(policy, {}).cipher, suite);
  }
}

TEST_F(Policy, TheHybridGroupComesFirstWhereTheLibraryHasIt) {
  EXPECT_FALSE(library_has_group("no such group"));
  for (const char* group : {"X25519", "P-256", "secp256r1", "prime256v1", "P-384", "secp384r1",
                            "P-521", "secp521r1", "X448"}) {
    EXPECT_TRUE(library_has_group(group)) << group;
    EXPECT_THAT(key_exchange_groups(), Contains(group));
  }
  if (library_has_group("X25519MLKEM768")) {
    EXPECT_THAT(intermediate_policy().groups,
                ElementsAre("X25519MLKEM768", "X25519", "P-256", "P-384"));
    EXPECT_EQ(agree(modern_policy(), {.groups = "X25519MLKEM768"}).group, "X25519MLKEM768");
  } else {
    EXPECT_THAT(intermediate_policy().groups, ElementsAre("X25519", "P-256", "P-384"));
  }
}

}  // namespace
}  // namespace sluice::tls
