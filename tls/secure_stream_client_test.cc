// The client's role: the handshake, whom it trusts, and what it learns.
#include <gtest/gtest.h>
#include <openssl/err.h>

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tls/secure_stream.h"
#include "tls/testing/pair.h"
#include "tls/testing/test_client.h"

namespace sluice::tls {
namespace {

using testing::CertificateAuthority;
using testing::Pair;
using testing::PairOptions;
using testing::TemporaryDirectory;
using testing::TestIdentity;
using testing::trusting_client;
using testing::verifying_client;

const ServerIdentity& identity() {
  return TestIdentity::get().identity();
}

ServerIdentity make_identity(const testing::IssuedCertificate& issued,
                             const IdentityOptions& options = {}) {
  const TemporaryDirectory files;
  const std::vector<CertificateSource> sources = {{files.write("server.pem", issued.both()), {}}};
  return {sources, options};
}

std::string certificate_refusal(std::uint32_t code) {
  return to_string(Failure{Failure::Kind::kCertificate, code});
}

struct Kind {
  int version;
  bool own_library;
  RecordLayer records = RecordLayer::kOwn;
};

class SecureStreamClient : public ::testing::TestWithParam<Kind> {
 public:
  [[nodiscard]] static bool is_tls13() { return GetParam().version == TLS1_3_VERSION; }
  [[nodiscard]] static ClientSettings settings() {
    ClientSettings settings = trusting_client(GetParam().version);
    settings.own_library = GetParam().own_library;
    return settings;
  }

  // A session of a connection to the server under test.
  static OpenSslPointer<SSL_SESSION> session_from(const ClientContext& context,
                                                  const PairOptions& options = {}) {
    Pair pair(identity(), context, options);
    pair.handshake();
    OpenSslPointer<SSL_SESSION> session = pair.client.stream->take_session();
    EXPECT_EQ(pair.client.stream->take_session(), nullptr);
    return session;
  }
  // Why a handshake of this client with this server failed on the client's side.
  static std::string refusal(const ServerIdentity& server, const ClientContext& context,
                             const std::string& name = "server.test") {
    Pair pair(server, context, {.connect = {.server_name = name}});
    std::string reason;
    SecureStream* stream = pair.client.stream;
    pair.client.handler.in_failure = [&] { reason = to_string(stream->failure()); };
    pair.handshake();
    EXPECT_EQ(pair.client.handler.opened, reason.empty());
    EXPECT_TRUE(reason.empty() || pair.client.handler.failure == StreamError::kProtocol);
    return reason;
  }
};

INSTANTIATE_TEST_SUITE_P(Kinds, SecureStreamClient,
                         ::testing::Values(Kind{TLS1_2_VERSION, false}, Kind{TLS1_3_VERSION, false},
                                           Kind{TLS1_2_VERSION, true}, Kind{TLS1_3_VERSION, true}),
                         [](const auto& instance) {
                           const bool is_tls12 = instance.param.version == TLS1_2_VERSION;
                           return std::string(is_tls12 ? "Tls12" : "Tls13") +
                                  (instance.param.own_library ? "OwnLibrary" : "");
                         });

TEST_P(SecureStreamClient, OpensAndCarriesDataBothWays) {
  const ClientContext context = verifying_client(settings());
  Pair pair(identity(), context);
  EXPECT_EQ(pair.client.lower.sent(), 0U);
  pair.handshake();
  EXPECT_TRUE(pair.client.handler.opened);
  EXPECT_TRUE(pair.server.handler.opened);
  pair.client.send("question");
  pair.server.send("answer");
  pair.exchange();
  EXPECT_EQ(pair.server.handler.received, "question");
  EXPECT_EQ(pair.client.handler.received, "answer");
  EXPECT_EQ(pair.client.handler.acknowledged, 8U);
  EXPECT_EQ(pair.client.stream->unacknowledged(), 0U);
  EXPECT_EQ(pair.client.lower.held(), 0U);
}

TEST_P(SecureStreamClient, BeginsAtOnceOverAnOpenStream) {
  const ClientContext context(settings());
  Pair pair(identity(), context, {.connect = {.lower_is_open = true}});
  EXPECT_GT(pair.client.lower.sent(), 0U);
  pair.exchange();
  EXPECT_TRUE(pair.client.handler.opened);
  EXPECT_EQ(pair.client.counters().handshakes_started.get(), 1U);
}

TEST_P(SecureStreamClient, GoesOnAtAnyFragmentation) {
  const ClientContext context = verifying_client(settings());
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round) {
    const std::size_t largest = round == 0 ? 1 : std::size_t{1} << (round % 12);
    Pair pair(identity(), context, {.piece = [&] { return 1 + random() % largest; }});
    pair.client.send("question");
    pair.server.send("answer");
    pair.handshake();
    EXPECT_EQ(pair.server.handler.received, "question");
    EXPECT_EQ(pair.client.handler.received, "answer");
    EXPECT_EQ(pair.client.lower.held(), 0U);
  }
}

TEST_P(SecureStreamClient, LearnsWhatWasAgreedOn) {
  const ClientContext context(settings());
  Pair pair(identity(), context);
  const SecureStream& client = *pair.client.stream;
  EXPECT_EQ(client.negotiated_version(), "");
  EXPECT_EQ(client.negotiated_cipher(), "");
  EXPECT_EQ(client.negotiated_group(), "");
  pair.handshake();
  for (const Pair::Side* side : {&pair.client, &pair.server}) {
    EXPECT_EQ(side->stream->negotiated_version(), is_tls13() ? "TLSv1.3" : "TLSv1.2");
    EXPECT_EQ(side->agreed.cipher,
              is_tls13() ? "TLS_AES_128_GCM_SHA256" : "ECDHE-ECDSA-AES128-GCM-SHA256");
    EXPECT_EQ(side->agreed.group, "x25519");
    EXPECT_EQ(side->agreed.protocol, "http/1.1");
    EXPECT_FALSE(side->agreed.resumed);
  }
}

TEST_P(SecureStreamClient, CountsWhatHappened) {
  const ClientContext context(settings());
  Pair pair(identity(), context);
  EXPECT_EQ(pair.client.counters().handshakes_started.get(), 0U);
  pair.client.lower.deliver_open();
  EXPECT_EQ(pair.client.counters().handshakes_started.get(), 1U);
  pair.exchange();
  EXPECT_EQ(pair.client.counters().handshakes_completed.get(), 1U);
  EXPECT_EQ(pair.client.counters().tls13.get(), is_tls13() ? 1U : 0U);
  EXPECT_EQ(pair.client.counters().tls12.get(), is_tls13() ? 0U : 1U);
  pair.client.handler.abort();
  EXPECT_EQ(pair.client.counters().handshakes_failed.get(), 0U);
}

TEST_P(SecureStreamClient, ChoosesCiphersAndGroups) {
  ClientSettings chosen = settings();
  chosen.ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305";
  chosen.ciphersuites = "TLS_CHACHA20_POLY1305_SHA256";
  chosen.groups = "P-384:P-256";  // the latter for TLS 1.2, by the certificate
  const ClientContext context(chosen);
  Pair pair(identity(), context);
  pair.handshake();
  EXPECT_NE(pair.client.agreed.cipher.find("CHACHA20"), std::string::npos);
  EXPECT_EQ(pair.client.agreed.group, "secp384r1");
}

// --- Sessions

TEST_P(SecureStreamClient, ResumesASession) {
  const ClientContext context = verifying_client(settings());
  const auto session = session_from(context);
  ASSERT_NE(session, nullptr);
  Pair pair(identity(), context,
            {.connect = {.server_name = "server.test", .session = session.get()}});
  pair.handshake();
  EXPECT_TRUE(pair.client.handler.opened);
  EXPECT_TRUE(pair.client.agreed.resumed);
  EXPECT_TRUE(pair.server.agreed.resumed);
  EXPECT_EQ(pair.client.counters().handshakes_resumed.get(), 1U);
  EXPECT_EQ(pair.client.stream->take_session() != nullptr, is_tls13());
}

TEST_P(SecureStreamClient, AnEndWithoutCloseNotifyDoesNotSpoilASession) {
  const ClientContext context(settings());
  auto session = session_from(context);  // its connection was aborted
  for (int round = 0; round < 3; ++round) {
    Pair pair(identity(), context,
              {.connect = {.server_name = "server.test", .session = session.get()}});
    pair.handshake();
    EXPECT_TRUE(pair.client.agreed.resumed) << round;
    if (auto newer = pair.client.stream->take_session()) session = std::move(newer);
    pair.client.lower.deliver_failure(StreamError::kReset);
  }
}

TEST_P(SecureStreamClient, ASessionOfTls13IsGoodForOneConnection) {
  const ClientContext context(settings());
  const auto session = session_from(context);
  const PairOptions options{.connect = {.server_name = "server.test", .session = session.get()}};
  for (const bool first : {true, false}) {
    Pair pair(identity(), context, options);
    pair.handshake();
    EXPECT_TRUE(pair.client.handler.opened);
    EXPECT_EQ(pair.client.agreed.resumed, first || !is_tls13());
  }
}

TEST_P(SecureStreamClient, ASessionIsNotResumedForAnotherNameOrContext) {
  const ClientContext context = verifying_client(settings());
  const ClientContext trusting(settings());
  const auto session = session_from(context);
  const auto unverified = session_from(trusting);
  const auto resumes = [](const ClientContext& by, const std::string& name, SSL_SESSION* from) {
    Pair pair(identity(), by, {.connect = {.server_name = name, .session = from}});
    pair.handshake();
    return pair.client.handler.opened && pair.client.agreed.resumed;
  };
  EXPECT_FALSE(resumes(context, "other.test", session.get()));
  EXPECT_FALSE(resumes(context, "server.test", unverified.get()));
  EXPECT_FALSE(resumes(trusting, "server.test", session.get()));
  EXPECT_TRUE(resumes(context, "server.test", session.get()));
  EXPECT_TRUE(resumes(trusting, "other.test", unverified.get()));
}

TEST_P(SecureStreamClient, KeepsNoSessionsIfNotWanted) {
  ClientSettings without = settings();
  without.sessions = false;
  const ClientContext context(without);
  EXPECT_EQ(session_from(context), nullptr);
}

// --- Whom it trusts

TEST_P(SecureStreamClient, RefusesAnUnknownAuthority) {
  const ClientContext context = verifying_client(settings(), CertificateAuthority().certificate());
  Pair pair(identity(), context);
  std::string told_to_client;
  std::string told_to_server;
  SecureStream& client = *pair.client.stream;
  SecureStream& server = *pair.server.stream;
  pair.client.handler.in_failure = [&] { told_to_client = to_string(client.failure()); };
  pair.server.handler.in_failure = [&] { told_to_server = to_string(server.failure()); };
  pair.handshake();
  EXPECT_FALSE(pair.client.handler.opened);
  EXPECT_EQ(pair.client.handler.failure, StreamError::kProtocol);
  EXPECT_EQ(told_to_client.substr(0, 13), "certificate: ");
  EXPECT_EQ(told_to_server.substr(0, 16), "alert received: ");
  EXPECT_EQ(pair.client.counters().handshakes_failed.get(), 1U);
  EXPECT_TRUE(pair.client.lower.closed());
}

TEST_P(SecureStreamClient, RefusesAnotherName) {
  const ClientContext context = verifying_client(settings());
  const std::string wrong_name = certificate_refusal(X509_V_ERR_HOSTNAME_MISMATCH);
  EXPECT_EQ(refusal(identity(), context), "");
  EXPECT_EQ(refusal(identity(), context, "SERVER.test"), "");
  EXPECT_EQ(refusal(identity(), context, "other.test"), wrong_name);
  EXPECT_EQ(refusal(identity(), context, "198.18.0.1"),
            certificate_refusal(X509_V_ERR_IP_ADDRESS_MISMATCH));
  EXPECT_EQ(refusal(identity(), context, ""), wrong_name);
  EXPECT_EQ(refusal(identity(), ClientContext(settings()), "other.test"), "");
}

TEST_P(SecureStreamClient, KnowsServersByTheirAddresses) {
  CertificateAuthority authority;
  const ServerIdentity server = make_identity(
      authority.issue({.ip_addresses = {"198.18.0.1", "2001:db8::1"}}), {.strict_sni = false});
  const ClientContext context = verifying_client(settings(), authority.certificate());
  EXPECT_EQ(refusal(server, context, "198.18.0.1"), "");
  EXPECT_EQ(refusal(server, context, "2001:db8:0::1"), "");
  EXPECT_EQ(refusal(server, context, "198.18.0.2"),
            certificate_refusal(X509_V_ERR_IP_ADDRESS_MISMATCH));
}

TEST_P(SecureStreamClient, RemembersWhatItHasVerifiedForTheName) {
  for (const bool remember : {true, false}) {
    ClientSettings remembering = settings();
    remembering.remember_verified = remember;
    const ClientContext context = verifying_client(remembering);
    EXPECT_EQ(refusal(identity(), context), "");
    // Without authorities, no chain can be built any more.
    SSL_CTX_set_cert_store(context.context().get(), X509_STORE_new());
    EXPECT_EQ(refusal(identity(), context).empty(), remember);
    EXPECT_FALSE(refusal(identity(), context, "other.test").empty());
    const ServerIdentity other =
        make_identity(CertificateAuthority().issue({.dns_names = {"server.test"}}));
    EXPECT_FALSE(refusal(other, context).empty());
  }
}

// --- What servers refuse

TEST_P(SecureStreamClient, LearnsOfTheServersAlert) {
  ClientSettings h2 = settings();
  h2.alpn = {"h2"};
  const ClientContext context(h2);
  EXPECT_EQ(refusal(identity(), context), "alert received: no application protocol");
  const ServerIdentity strict = make_identity(
      CertificateAuthority().issue({.dns_names = {"strict.test"}}), {.strict_sni = true});
  EXPECT_EQ(refusal(strict, ClientContext(settings())), "alert received: unrecognized name");
}

TEST_P(SecureStreamClient, LearnsThatThePeerSpeaksNoTls) {
  const ClientContext context(settings());
  Pair pair(identity(), context);
  Failure failure;
  SecureStream& client = *pair.client.stream;
  pair.client.handler.in_failure = [&] { failure = client.failure(); };
  pair.client.lower.deliver_open();
  pair.client.lower.deliver(ByteChain(pair.wire_pool.packet("HTTP/1.1 400 Bad Request\r\n\r\n")));
  EXPECT_EQ(pair.client.handler.failure, StreamError::kProtocol);
  EXPECT_EQ(to_string(failure), "not TLS");
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST_P(SecureStreamClient, ShowsACertificateToWhoAsks) {
  const ServerIdentity asking =
      make_identity(CertificateAuthority().issue({.dns_names = {"server.test"}}));
  SSL_CTX_set_verify(asking.context().get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     [](int, X509_STORE_CTX*) { return 1; });
  const auto opens_for_server = [&asking](const ClientSettings& client) {
    const ClientContext context(client);
    Pair pair(asking, context);
    pair.handshake();
    EXPECT_EQ(pair.client.handler.failure.has_value(), !pair.server.handler.opened);
    return pair.server.handler.opened;
  };
  EXPECT_FALSE(opens_for_server(settings()));
  const TemporaryDirectory files;
  ClientSettings with_certificate = settings();
  with_certificate.certificate = {
      files.write("client.pem", CertificateAuthority().issue({.common_name = "me"}).both()), {}};
  EXPECT_TRUE(opens_for_server(with_certificate));
}

TEST(SecureStreamVersions, WithoutACommonOneThereIsAnAlert) {
  const ServerIdentity server =
      make_identity(CertificateAuthority().issue({.dns_names = {"server.test"}}));
  SSL_CTX_set_max_proto_version(server.context().get(), TLS1_2_VERSION);
  EXPECT_EQ(SecureStreamClient::refusal(server, ClientContext(trusting_client(TLS1_3_VERSION))),
            "alert received: protocol version");
}

}  // namespace
}  // namespace sluice::tls
