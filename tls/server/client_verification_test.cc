#include "tls/server/client_verification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "tls/server/peer_identity.h"
#include "tls/server/server_identity.h"
#include "tls/testing/certificates.h"
#include "tls/testing/connection.h"
#include "tls/testing/temporary_directory.h"
#include "tls/testing/test_identity.h"

namespace sluice::tls {
namespace {

using testing::CertificateAuthority;
using ::testing::HasSubstr;
using testing::IssuedCertificate;

// Clients with certificates of one authority, in both versions.
class ClientCertificates : public ::testing::TestWithParam<int> {
 protected:
  std::unique_ptr<ServerIdentity> server(ClientAuth demand, const std::string& revocations = {}) {
    const auto authorities = files_.write("ca.pem", authority_.certificate());
    const auto lists =
        revocations.empty() ? std::filesystem::path() : files_.write("crl.pem", revocations);
    IdentityOptions options;
    options.clients = std::make_shared<const ClientVerification>(demand, authorities, lists);
    return std::make_unique<ServerIdentity>(certificates_, options);
  }

  struct Result {
    bool open = false;
    bool resumed = false;
    std::unique_ptr<PeerIdentity> peer;
    OpenSslPointer<SSL_SESSION> session;
  };

  static Result connect(const ServerIdentity& identity, const std::string& certificate,
                        SSL_SESSION* session = nullptr) {
    Result result;
    testing::Connection connection(
        identity,
        {.client = {.version = GetParam(), .session = session, .certificate = certificate}});
    connection.handler.in_open = [&] { result.peer = connection.server->take_peer_identity(); };
    connection.handshake();
    // In TLS 1.3 a client is open before the server has seen its certificate.
    result.open = connection.handler.opened && !connection.client.failed();
    if (!result.open) return result;
    result.resumed = connection.agreed.resumed;
    result.session = connection.client.take_session();
    connection.handler.abort();
    return result;
  }

  CertificateAuthority authority_;
  CertificateAuthority stranger_;
  testing::TemporaryDirectory files_;
  IssuedCertificate alice_ = authority_.issue({.common_name = "alice, of\r\n\"Wonderland\""});
  std::shared_ptr<const CertificateSet> certificates_ =
      load_certificate_set(std::vector{CertificateSource{
          files_.write("server.pem", authority_.issue({.dns_names = {"s"}}).both()), {}}});
};

TEST_P(ClientCertificates, RequiredMeansAGoodOne) {
  const auto identity = server(ClientAuth::kRequired);
  EXPECT_TRUE(connect(*identity, alice_.both()).open);
  EXPECT_FALSE(connect(*identity, "").open);
  EXPECT_FALSE(connect(*identity, stranger_.issue({}).both()).open);
}

TEST_P(ClientCertificates, OptionalMeansAGoodOneOrNone) {
  const auto identity = server(ClientAuth::kOptional);
  EXPECT_NE(connect(*identity, alice_.both()).peer, nullptr);
  const Result without = connect(*identity, "");
  EXPECT_TRUE(without.open);
  EXPECT_EQ(without.peer, nullptr);
  EXPECT_FALSE(connect(*identity, stranger_.issue({}).both()).open);
}

TEST_P(ClientCertificates, WhoItIsIsToldInPrintableText) {
  const auto identity = server(ClientAuth::kRequired);
  const Result result = connect(*identity, alice_.both());
  ASSERT_NE(result.peer, nullptr);
  EXPECT_EQ(result.peer->subject, R"(CN=alice\, of\0D\0A\"Wonderland\")");
  EXPECT_EQ(result.peer->issuer, "CN=test authority");
  EXPECT_EQ(result.peer->serial.size(), 2U);
  EXPECT_EQ(result.peer->sha256.size(), 64U);
}

TEST_P(ClientCertificates, AResumedSessionKeepsWhoItIs) {
  const auto identity = server(ClientAuth::kRequired);
  const Result first = connect(*identity, alice_.both());
  ASSERT_NE(first.session, nullptr);
  const Result second = connect(*identity, "", first.session.get());
  EXPECT_TRUE(second.resumed);
  ASSERT_NE(second.peer, nullptr);
  EXPECT_EQ(second.peer->subject, first.peer->subject);
  EXPECT_EQ(second.peer->sha256, first.peer->sha256);
}

TEST_P(ClientCertificates, RevokedOnesAreRefused) {
  const IssuedCertificate bob = authority_.issue({.common_name = "bob"});
  const auto identity = server(ClientAuth::kRequired, authority_.revocation_list({bob.serial}));
  EXPECT_TRUE(connect(*identity, alice_.both()).open);
  EXPECT_FALSE(connect(*identity, bob.both()).open);
}

TEST_P(ClientCertificates, WithoutAnyVerificationNobodyIsAsked) {
  const ServerIdentity identity(certificates_, {});
  const Result result = connect(identity, alice_.both());
  EXPECT_TRUE(result.open);
  EXPECT_EQ(result.peer, nullptr);
}

INSTANTIATE_TEST_SUITE_P(Versions, ClientCertificates,
                         ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION), [](const auto& test) {
                           return test.param == TLS1_2_VERSION ? "Tls12" : "Tls13";
                         });

class VerificationFiles : public ::testing::Test {
 protected:
  ClientVerification::Tag tag(const std::string& authorities, const std::string& lists = {},
                              ClientAuth demand = ClientAuth::kRequired) {
    return ClientVerification(demand, files_.write("ca.pem", authorities),
                              lists.empty() ? "" : files_.write("crl.pem", lists))
        .tag();
  }
  std::string refusal(const std::string& authorities, const std::string& lists = {}) {
    try {
      (void)tag(authorities, lists);
    } catch (const std::runtime_error& fault) {
      return fault.what();
    }
    return {};
  }

  CertificateAuthority authority_;
  testing::TemporaryDirectory files_;
};

TEST_F(VerificationFiles, AChangeOfAnythingEndsOldSessions) {
  const auto& one = authority_.certificate();
  const auto first = tag(one);
  EXPECT_EQ(tag(one), first);
  EXPECT_NE(tag(one, {}, ClientAuth::kOptional), first);
  EXPECT_NE(tag(CertificateAuthority().certificate()), first);
  EXPECT_NE(tag(one, authority_.revocation_list({7})), first);
  EXPECT_NE(tag(one, authority_.revocation_list({7})), tag(one, authority_.revocation_list({8})));
}

TEST_F(VerificationFiles, FilesOfNoUseAreNamed) {
  EXPECT_THAT(refusal(""), HasSubstr("ca.pem: no certificate"));
  EXPECT_THAT(refusal(authority_.certificate(), authority_.certificate()),
              HasSubstr("crl.pem: no list of revoked certificates"));
  std::string damaged = authority_.revocation_list({});
  damaged.insert(damaged.find('\n') + 1, "AAAA");
  EXPECT_THAT(refusal(authority_.certificate(), damaged), HasSubstr("crl.pem: "));
}

}  // namespace
}  // namespace sluice::tls
