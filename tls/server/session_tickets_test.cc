#include "tls/server/session_tickets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <thread>
#include <vector>

#include "tls/server/server_identity.h"
#include "tls/testing/certificates.h"
#include "tls/testing/connection.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::tls {
namespace {

using namespace std::chrono_literals;

using Session = OpenSslPointer<SSL_SESSION>;
using SteadyClock = std::chrono::steady_clock;

TicketKeyRing::Entry entry(std::uint8_t name,
                           TicketKeyRing::Time until = TicketKeyRing::kUnlimited) {
  std::array<std::uint8_t, TicketKey::kSize> bytes{};
  bytes.fill(name);
  return {std::make_shared<const TicketKey>(bytes), until};
}

// The name of the key that a session's ticket is sealed with, by its first byte.
std::uint8_t key_of(const Session& session) {
  const unsigned char* ticket = nullptr;
  std::size_t size = 0;
  if (session) SSL_SESSION_get0_ticket(session.get(), &ticket, &size);
  return size > TicketKey::kNameSize ? ticket[0] : 0;
}

std::chrono::seconds hint_of(const Session& session) {
  return std::chrono::seconds(SSL_SESSION_get_ticket_lifetime_hint(session.get()));
}

class SessionTicketsTest : public ::testing::TestWithParam<int> {
 public:
  // A frontend of a worker, a machine or a time of its own.
  [[nodiscard]] ServerIdentity identity(const TicketOptions& options) const {
    return ServerIdentity(sources_, {.tickets = options});
  }

  struct Outcome {
    bool resumed;
    Session session;  // the latest one; null when there was no new ticket
    std::uint64_t tickets_seen;
  };
  // A handshake that must succeed.
  Outcome connect(const ServerIdentity& identity, const Session& session = {},
                  const std::string& name = "a.example") const {
    testing::ClientOptions options{.version = GetParam(), .server_name = name};
    options.session = session.get();
    testing::Connection connection(identity, {.client = options});
    std::uint64_t tickets = 0;
    SSL_set_msg_callback(connection.client.ssl(), count_tickets);
    SSL_set_msg_callback_arg(connection.client.ssl(), &tickets);
    connection.handshake();
    EXPECT_TRUE(connection.client.open()) << connection.client.error();
    EXPECT_EQ(connection.surroundings.counters.handshakes_failed.get(), 0U);
    const bool resumed = SSL_session_reused(connection.client.ssl()) == 1;
    EXPECT_EQ(connection.surroundings.counters.handshakes_resumed.get(), resumed ? 1U : 0U);
    // Without a key exchange there would be no forward secrecy.
    const bool exchanges_keys = !resumed || SSL_version(connection.client.ssl()) == TLS1_3_VERSION;
    EXPECT_EQ(has_key_share(connection.client.ssl()), exchanges_keys);
    return {resumed, latest_session(connection.client.ssl()), tickets};
  }

 private:
  static void count_tickets(int sent, int /*version*/, int type, const void* bytes,
                            std::size_t size, SSL* /*ssl*/, void* count) {
    const bool is_ticket = sent == 0 && type == SSL3_RT_HANDSHAKE && size > 0 &&
                           *static_cast<const std::uint8_t*>(bytes) == SSL3_MT_NEWSESSION_TICKET;
    if (is_ticket) ++*static_cast<std::uint64_t*>(count);
  }
  static bool has_key_share(SSL* ssl) {
    EVP_PKEY* share = nullptr;
    const bool there = SSL_get_peer_tmp_key(ssl, &share) == 1;
    const OpenSslPointer<EVP_PKEY> freed(share);
    return there;
  }
  // OpenSSL does not tell a TLS 1.2 client's application of a renewed one.
  static Session latest_session(SSL* ssl) {
    Session session(SSL_get1_session(ssl));
    if (SSL_SESSION_is_resumable(session.get()) != 1) session.reset();
    return session;
  }

  testing::CertificateAuthority authority_;
  testing::TemporaryDirectory files_;
  std::vector<CertificateSource> sources_ = {
      {files_.write("a.pem", authority_.issue({.dns_names = {"a.example"}}).both()), {}},
      {files_.write("b.pem", authority_.issue({.dns_names = {"b.example"}}).both()), {}}};
};

TEST_P(SessionTicketsTest, AnotherWorkersIdentityResumes) {
  const TicketKeys keys(TicketKeyRing({entry(1)}, 0));
  const ServerIdentity first = identity({.keys = &keys});
  const ServerIdentity second = identity({.keys = &keys});
  const Outcome full = connect(first);
  EXPECT_FALSE(full.resumed);
  EXPECT_EQ(key_of(full.session), 1);
  EXPECT_TRUE(connect(second, full.session).resumed);
}

TEST_P(SessionTicketsTest, AnotherMachineWithTheSameKeyResumes) {
  const TicketKeys here(TicketKeyRing({entry(1), entry(2)}, 0));
  const TicketKeys there(TicketKeyRing({entry(2), entry(1)}, 0));
  const Outcome full = connect(identity({.keys = &here, .scope = "www"}));
  EXPECT_TRUE(connect(identity({.keys = &there, .scope = "www"}), full.session).resumed);
}

TEST_P(SessionTicketsTest, AnotherFrontendDoesNotResume) {
  const TicketKeys keys(TicketKeyRing({entry(1)}, 0));
  const Outcome full = connect(identity({.keys = &keys, .scope = "www"}));
  const Outcome other = connect(identity({.keys = &keys, .scope = "clients"}), full.session);
  EXPECT_FALSE(other.resumed);
  EXPECT_NE(other.session, nullptr);
}

TEST_P(SessionTicketsTest, AnUnknownKeyMeansAFullHandshakeAndANewTicket) {
  const TicketKeys keys(TicketKeyRing({entry(1)}, 0));
  const TicketKeys others(TicketKeyRing({entry(2)}, 0));
  const Outcome full = connect(identity({.keys = &keys}));
  const Outcome other = connect(identity({.keys = &others}), full.session);
  EXPECT_FALSE(other.resumed);
  EXPECT_EQ(key_of(other.session), 2);
}

TEST_P(SessionTicketsTest, AKeyThatIsTooOldIsUnknown) {
  const TicketKeys keys(TicketKeyRing({entry(1)}, 0));
  const Outcome full = connect(identity({.keys = &keys}));
  const TicketKeys later(TicketKeyRing({entry(2), entry(1, SteadyClock::now() - 1s)}, 0));
  EXPECT_FALSE(connect(identity({.keys = &later}), full.session).resumed);
}

TEST_P(SessionTicketsTest, ATicketOfAnOlderKeyResumesAndIsReplaced) {
  TicketKeys keys(TicketKeyRing({entry(1)}, 0));
  const ServerIdentity server = identity({.keys = &keys});
  const Outcome full = connect(server);
  const auto before = keys.replace(TicketKeyRing({entry(2), entry(1, SteadyClock::now() + 1h)}, 0));
  const Outcome resumed = connect(server, full.session);
  EXPECT_TRUE(resumed.resumed);
  EXPECT_EQ(resumed.tickets_seen, 1U);
  EXPECT_EQ(key_of(resumed.session), 2);
  EXPECT_TRUE(connect(server, resumed.session).resumed);
}

// The issuing key stays behind the next one until that issues: no ticket goes back to it.
TEST_P(SessionTicketsTest, ATicketOfTheNextKeyResumes) {
  const TicketKeys ahead(TicketKeyRing({entry(2), entry(1)}, 0));
  const TicketKeys behind(TicketKeyRing({entry(2), entry(1)}, 1));
  const Outcome full = connect(identity({.keys = &ahead}));
  const Outcome resumed = connect(identity({.keys = &behind}), full.session);
  EXPECT_TRUE(resumed.resumed);
  EXPECT_EQ(resumed.tickets_seen, GetParam() == TLS1_3_VERSION ? 1U : 0U);
}

TEST_P(SessionTicketsTest, AResumedClientStaysSupplied) {
  const TicketKeys keys(TicketKeyRing({entry(1)}, 0));
  const ServerIdentity server = identity({.count = 2, .keys = &keys});
  const Outcome full = connect(server);
  EXPECT_EQ(full.tickets_seen, GetParam() == TLS1_3_VERSION ? 2U : 1U);
  const Outcome resumed = connect(server, full.session);
  EXPECT_EQ(resumed.tickets_seen, GetParam() == TLS1_3_VERSION ? 1U : 0U);
}

TEST_P(SessionTicketsTest, NoneAreMadeNorTakenWhenNoneAreWanted) {
  const TicketKeys keys(TicketKeyRing({entry(1)}, 0));
  const Outcome full = connect(identity({.keys = &keys}));
  const Outcome none = connect(identity({.count = 0, .keys = &keys}), full.session);
  EXPECT_FALSE(none.resumed);
  EXPECT_EQ(none.tickets_seen, 0U);
}

TEST_P(SessionTicketsTest, ShortKeysSealAndOpen) {
  const std::vector<std::uint8_t> bytes(TicketKey::kShortSize, 7);
  const TicketKeys keys(TicketKeyRing({{std::make_shared<const TicketKey>(bytes)}}, 0));
  const ServerIdentity server = identity({.keys = &keys});
  const Outcome full = connect(server);
  EXPECT_EQ(key_of(full.session), 7);
  EXPECT_TRUE(connect(server, full.session).resumed);
}

TEST_P(SessionTicketsTest, TheSessionOfOneNameResumesForIt) {
  const TicketKeys keys(TicketKeyRing({entry(1)}, 0));
  const ServerIdentity server = identity({.keys = &keys});
  const Outcome full = connect(server, {}, "b.example");
  EXPECT_TRUE(connect(server, full.session, "b.example").resumed);
}

TEST_P(SessionTicketsTest, ADamagedTicketMeansAFullHandshake) {
  const TicketKeys keys(TicketKeyRing({entry(1)}, 0));
  std::array<std::uint8_t, TicketKey::kSize> forged{};
  forged.fill(9);
  std::fill_n(forged.begin(), TicketKey::kNameSize, std::uint8_t{1});
  const TicketKeys forger(TicketKeyRing({{std::make_shared<const TicketKey>(forged)}}, 0));
  const Outcome full = connect(identity({.keys = &forger}));
  ASSERT_EQ(key_of(full.session), 1);
  EXPECT_FALSE(connect(identity({.keys = &keys}), full.session).resumed);
}

TEST_P(SessionTicketsTest, TheClientIsToldHowLongATicketIsOfUse) {
  const TicketKeys unlimited(TicketKeyRing({entry(1)}, 0));
  const Outcome long_lived = connect(identity({.keys = &unlimited, .lifetime = 36h}));
  EXPECT_EQ(hint_of(long_lived.session), 24h) << "one ticket is of use for a day";
  const Outcome between = connect(identity({.keys = &unlimited, .lifetime = 20h}));
  EXPECT_EQ(hint_of(between.session), 20h);
  const TicketKeys ending(TicketKeyRing({entry(1, SteadyClock::now() + 1h)}, 0));
  const Outcome short_lived = connect(identity({.keys = &ending, .lifetime = 36h}));
  EXPECT_LE(hint_of(short_lived.session), 1h);
  EXPECT_GT(hint_of(short_lived.session), 59min);
}

// However often its ticket is renewed, whose own time begins anew in TLS 1.3.
TEST_P(SessionTicketsTest, ASessionEndsItsLifetimeAfterTheFullHandshake) {
  TicketKeys keys(TicketKeyRing({entry(1)}, 0));
  const ServerIdentity server = identity({.keys = &keys, .lifetime = 4s});
  Session session = connect(server).session;
  std::this_thread::sleep_for(2100ms);
  for (const std::uint8_t newer : std::array<std::uint8_t, 2>{2, 3}) {
    const auto before = keys.replace(TicketKeyRing({entry(newer), entry(2), entry(1)}, 0));
    Outcome renewed = connect(server, session);
    ASSERT_TRUE(renewed.resumed);
    ASSERT_EQ(key_of(renewed.session), newer);
    session = std::move(renewed.session);
  }
  // OpenSSL's client would not offer what it was told is over.
  SSL_SESSION_set_timeout(session.get(), 3600);
  std::this_thread::sleep_for(3100ms);
  EXPECT_FALSE(connect(server, session).resumed);
}

TEST_P(SessionTicketsTest, EarlyDataIsNotOffered) {
  const TicketKeys keys(TicketKeyRing({entry(1)}, 0));
  const Outcome full = connect(identity({.keys = &keys}));
  EXPECT_EQ(SSL_SESSION_get_max_early_data(full.session.get()), 0U);
}

class Tls13TicketsTest : public SessionTicketsTest {};

// It has no group in common with the server, so nothing else is left to the two.
TEST_P(Tls13TicketsTest, NoneResumesWithoutAKeyExchange) {
  const TicketKeys keys(TicketKeyRing({entry(1)}, 0));
  const ServerIdentity server = identity({.keys = &keys});
  const Outcome full = connect(server);
  testing::Connection connection(server, {.client = {.session = full.session.get()}});
  SSL_set_options(connection.client.ssl(), SSL_OP_ALLOW_NO_DHE_KEX);
  ASSERT_EQ(SSL_set1_groups_list(connection.client.ssl(), "P-521"), 1);
  connection.handshake();
  EXPECT_FALSE(connection.client.open());
  EXPECT_EQ(connection.surroundings.counters.handshakes_failed.get(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Versions, SessionTicketsTest,
                         ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& instance) {
                           return instance.param == TLS1_3_VERSION ? "Tls13" : "Tls12";
                         });
INSTANTIATE_TEST_SUITE_P(Version, Tls13TicketsTest, ::testing::Values(TLS1_3_VERSION));

}  // namespace
}  // namespace sluice::tls
