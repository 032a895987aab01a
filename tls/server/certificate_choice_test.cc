#include "tls/server/certificate_choice.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tls/server/server_identity.h"
#include "tls/testing/certificates.h"
#include "tls/testing/connection.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::tls {
namespace {

using testing::CertificateRequest;

// Certificates for the same name with different keys; told apart by a second name in each.
class CertificateChoice : public ::testing::TestWithParam<int> {
 protected:
  void make_identity(const std::vector<CertificateRequest>& requests) {
    std::vector<CertificateSource> sources;
    for (const CertificateRequest& request : requests) {
      const std::string file = std::to_string(sources.size()) + ".pem";
      sources.push_back({files_.write(file, authority_.issue(request).both()), {}});
    }
    identity_ = std::make_unique<ServerIdentity>(sources, IdentityOptions{});
  }

  // The last name in the certificate that such a client is shown; "" when it is refused.
  std::string shown(testing::ClientOptions client) {
    client.version = GetParam();
    client.authority = authority_.certificate();
    if (client.server_name.empty()) client.server_name = "www.example.com";
    testing::Connection connection(*identity_, {.client = client});
    connection.handshake();
    if (!connection.client.open()) return {};
    connection.handler.abort();
    return connection.client.server_names().back();
  }

  static CertificateRequest rsa(const std::string& name = "www.example.com") {
    return {.dns_names = {name, "rsa"}, .rsa_bits = 2048};
  }
  static CertificateRequest p256(const std::string& name = "www.example.com") {
    return {.dns_names = {name, "p256"}};
  }
  static CertificateRequest p384() {
    return {.dns_names = {"www.example.com", "p384"}, .curve = "P-384"};
  }

  testing::CertificateAuthority authority_;
  testing::TemporaryDirectory files_;
  std::unique_ptr<ServerIdentity> identity_;
};

// The authority's own signature is with P-256, which clients that cannot verify it take on trust.
constexpr const char* kOnlyRsa = "RSA-PSS+SHA256:RSA+SHA256";
constexpr const char* kRsaFirst = "RSA-PSS+SHA256:RSA+SHA256:ECDSA+SHA256";

TEST_P(CertificateChoice, EcdsaIsPreferredWhateverComesFirst) {
  make_identity({rsa(), p256()});
  EXPECT_EQ(shown({}), "p256");
  EXPECT_EQ(shown({.signatures = kRsaFirst}), "p256");
  make_identity({p256(), rsa()});
  EXPECT_EQ(shown({}), "p256");
}

TEST_P(CertificateChoice, AClientThatVerifiesOnlyRsaGetsRsa) {
  make_identity({p256(), rsa()});
  testing::Connection connection(*identity_, {.client = {.version = GetParam(),
                                                         .server_name = "www.example.com",
                                                         .signatures = kOnlyRsa}});
  connection.handshake();
  ASSERT_TRUE(connection.client.open()) << connection.client.error();
  EXPECT_EQ(connection.client.server_names().back(), "rsa");
  connection.handler.abort();
}

TEST_P(CertificateChoice, CurvesCount) {
  make_identity({p256(), p384()});
  const bool tls13 = GetParam() == TLS1_3_VERSION;
  EXPECT_EQ(shown({.signatures = "ECDSA+SHA256:ECDSA+SHA384"}), "p256");
  // TLS 1.3 has a signature scheme for each curve, TLS 1.2 goes by the groups.
  testing::Connection connection(
      *identity_, {.client = {.version = GetParam(),
                              .server_name = "www.example.com",
                              .signatures = tls13 ? "ECDSA+SHA384" : "ECDSA+SHA256:ECDSA+SHA384",
                              .groups = tls13 ? "" : "X25519:P-384"}});
  connection.handshake();
  ASSERT_TRUE(connection.client.open()) << connection.client.error();
  EXPECT_EQ(connection.client.server_names().back(), "p384");
  connection.handler.abort();
}

TEST_P(CertificateChoice, AClientWithoutEcdsaCiphersGetsRsaInTls12) {
  if (GetParam() != TLS1_2_VERSION) GTEST_SKIP() << "ciphers of TLS 1.3 say nothing of signatures";
  make_identity({p256(), rsa()});
  EXPECT_EQ(shown({.ciphers = "ECDHE-RSA-AES128-GCM-SHA256"}), "rsa");
}

TEST_P(CertificateChoice, TheWildcardHelpsWhereTheExactNameHasNothingSuitable) {
  make_identity({p256("*.example.com"), rsa()});
  EXPECT_EQ(shown({}), "rsa") << "an exact name comes before a better key";
  make_identity({rsa("*.example.com"), p256()});
  EXPECT_EQ(shown({}), "p256");
  EXPECT_EQ(shown({.server_name = "other.example.com"}), "rsa");
}

TEST_P(CertificateChoice, WithoutANameTheFirstCertificatesNameCounts) {
  make_identity({rsa(), p256("other.example.com"), p256()});
  EXPECT_EQ(shown({.server_name = "nobody.example.org"}), "p256");
  const auto& fallback = identity_->certificates().fallback();
  EXPECT_EQ(fallback.of(KeyType::kRsa), 0U);
  EXPECT_EQ(fallback.of(KeyType::kEcdsaP256), 2U);
}

TEST_P(CertificateChoice, AClientThatCanVerifyNoneIsRefused) {
  make_identity({p256(), p384()});
  EXPECT_EQ(shown({.signatures = "RSA-PSS+SHA256:RSA+SHA256"}), "");
  EXPECT_EQ(shown({}), "p256");
}

INSTANTIATE_TEST_SUITE_P(Versions, CertificateChoice,
                         ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION), [](const auto& test) {
                           return test.param == TLS1_2_VERSION ? "Tls12" : "Tls13";
                         });

}  // namespace
}  // namespace sluice::tls
