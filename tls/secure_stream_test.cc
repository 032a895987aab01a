#include "tls/secure_stream.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <optional>
#include <random>
#include <string>

#include "tls/testing/connection.h"
#include "tls/testing/test_identity.h"
#include "tls/testing/variant.h"

namespace sluice::tls {
namespace {

using testing::ClientOptions;
using testing::Connection;
using testing::TestIdentity;
using testing::Variant;

const ServerIdentity& identity() {
  return TestIdentity::get().identity();
}

class SecureStreamHandshake : public ::testing::TestWithParam<Variant> {
 public:
  [[nodiscard]] ClientOptions client() const {
    return {.version = GetParam().version, .authority = TestIdentity::get().authority()};
  }
};

INSTANTIATE_TEST_SUITE_P(Versions, SecureStreamHandshake, testing::every_variant(),
                         testing::variant_name);

TEST_P(SecureStreamHandshake, OpensAndCarriesDataBothWays) {
  Connection connection(identity(), {.records = GetParam().records, .client = client()});
  connection.handshake();
  EXPECT_TRUE(connection.client.open()) << connection.client.error();
  EXPECT_TRUE(connection.handler.opened);
  EXPECT_EQ(SSL_version(connection.client.ssl()), GetParam().version);

  ASSERT_TRUE(connection.client.send("question"));
  connection.exchange();
  EXPECT_EQ(connection.handler.received, "question");
  connection.server->send(ByteChain(connection.surroundings.pool.packet("answer")));
  EXPECT_EQ(connection.server->unacknowledged(), 6U);
  connection.exchange();
  EXPECT_EQ(connection.client.received(), "answer");
  EXPECT_EQ(connection.handler.acknowledged, 6U);
  EXPECT_EQ(connection.server->unacknowledged(), 0U);
  EXPECT_EQ(connection.lower.held(), 0U);
}

TEST_P(SecureStreamHandshake, GoesOnAtAnyFragmentation) {
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round) {
    const std::size_t largest = round == 0 ? 1 : std::size_t{1} << (round % 12);
    Connection connection(identity(),
                          {.records = GetParam().records,
                           .client = client(),
                           .piece = [&random, largest] { return 1 + random() % largest; }});
    connection.handshake();
    ASSERT_TRUE(connection.client.open()) << connection.client.error();
    ASSERT_TRUE(connection.client.send("question"));
    connection.exchange();
    EXPECT_EQ(connection.handler.received, "question");
    EXPECT_EQ(connection.lower.held(), 0U);
  }
}

TEST_P(SecureStreamHandshake, CountsWhatHappened) {
  Connection connection(identity(), {.records = GetParam().records, .client = client()});
  const Counters& counters = connection.surroundings.counters;
  EXPECT_EQ(counters.handshakes_started.get(), 0U);
  connection.client.start();
  connection.carry_to_server();
  EXPECT_EQ(counters.handshakes_started.get(), 1U);
  EXPECT_EQ(counters.handshakes_completed.get(), 0U);
  connection.exchange();
  EXPECT_EQ(counters.handshakes_completed.get(), 1U);
  EXPECT_EQ(counters.handshakes_resumed.get(), 0U);
  EXPECT_EQ(counters.tls12.get(), GetParam().version == TLS1_2_VERSION ? 1U : 0U);
  EXPECT_EQ(counters.tls13.get(), GetParam().version == TLS1_3_VERSION ? 1U : 0U);
  connection.handler.abort();
  EXPECT_EQ(counters.handshakes_failed.get(), 0U);
}

TEST_P(SecureStreamHandshake, SessionIsResumedByTicket) {
  OpenSslPointer<SSL_SESSION> session;
  {
    Connection first(identity(), {.records = GetParam().records, .client = client()});
    first.handshake();
    session = first.client.take_session();
  }
  ASSERT_NE(session, nullptr);
  ClientOptions options = client();
  options.session = session.get();
  Connection second(identity(), {.records = GetParam().records, .client = options});
  second.handshake();
  EXPECT_TRUE(second.client.open());
  EXPECT_EQ(SSL_session_reused(second.client.ssl()), 1);
  EXPECT_EQ(second.surroundings.counters.handshakes_resumed.get(), 1U);
}

TEST_P(SecureStreamHandshake, BytesQueuedBeforeItsEndFollowIt) {
  Connection connection(identity(), {.records = GetParam().records, .client = client()});
  connection.server->send(ByteChain(connection.surroundings.pool.packet("early")));
  connection.server->finish();
  EXPECT_EQ(connection.lower.sent(), 0U);
  connection.handshake();
  EXPECT_EQ(connection.client.received(), "early");
  EXPECT_TRUE(connection.client.ended());
  EXPECT_TRUE(connection.lower.finished());
  EXPECT_EQ(connection.handler.acknowledged, 5U);
}

TEST_P(SecureStreamHandshake, AgreesOnTheProtocolItPrefers) {
  ClientOptions options = client();
  options.alpn = {"h2", "http/1.1"};
  Connection connection(identity(), {.records = GetParam().records, .client = options});
  EXPECT_EQ(connection.agreed.protocol, "");
  connection.handshake();
  EXPECT_EQ(connection.agreed.protocol, "http/1.1");
  EXPECT_EQ(connection.client.negotiated_protocol(), "http/1.1");
}

TEST_P(SecureStreamHandshake, AgreesOnNoProtocolThatWasNotOffered) {
  Connection connection(identity(), {.records = GetParam().records, .client = client()});
  connection.handshake();
  EXPECT_TRUE(connection.client.open());
  EXPECT_EQ(connection.agreed.protocol, "");
}

TEST_P(SecureStreamHandshake, RefusesAnOfferWithoutAProtocolOfOurs) {
  ClientOptions options = client();
  options.alpn = {"h2"};
  Connection connection(identity(), {.records = GetParam().records, .client = options});
  connection.handshake();
  EXPECT_EQ(connection.handler.failure, StreamError::kProtocol);
  EXPECT_NE(connection.client.error().find("no application protocol"), std::string::npos)
      << connection.client.error();
  EXPECT_TRUE(connection.lower.closed());
  EXPECT_EQ(connection.surroundings.counters.handshakes_failed.get(), 1U);
}

TEST_P(SecureStreamHandshake, ErrorsDoNotReachAnotherConnection) {
  Connection good(identity(), {.records = GetParam().records, .client = client()});
  good.client.start();
  good.carry_to_server();
  {
    Connection bad(identity(), {.records = GetParam().records, .client = client()});
    bad.inject(ByteChain(bad.client_pool.packet("GET / HTTP/1.1\r\n\r\n")));
    bad.exchange();
    EXPECT_EQ(bad.handler.failure, StreamError::kProtocol);
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
  ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
  good.exchange();
  EXPECT_TRUE(good.handler.opened);
  ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
  ASSERT_TRUE(good.client.send("still here"));
  good.exchange();
  EXPECT_EQ(good.handler.received, "still here");
}

TEST(SecureStream, OldVersionsAreRefused) {
  Connection connection(identity(), {.client = {.version = TLS1_1_VERSION}});
  SSL_set_security_level(connection.client.ssl(), 0);
  connection.handshake();
  EXPECT_FALSE(connection.client.open());
  EXPECT_EQ(connection.handler.failure, StreamError::kProtocol);
}

TEST(SecureStream, WeakCiphersAreRefused) {
  Connection connection(identity(), {.client = {.version = TLS1_2_VERSION}});
  ASSERT_EQ(SSL_set_cipher_list(connection.client.ssl(), "ECDHE-ECDSA-AES128-SHA:AES128-SHA"), 1);
  connection.handshake();
  EXPECT_FALSE(connection.client.open());
  EXPECT_EQ(connection.handler.failure, StreamError::kProtocol);
}

TEST(SecureStream, ATcpConnectionWithoutABytesCostsNoHandshake) {
  Connection connection(identity());
  connection.lower.deliver_failure(StreamError::kReset);
  EXPECT_EQ(connection.handler.failure, StreamError::kReset);
  EXPECT_EQ(connection.surroundings.counters.handshakes_started.get(), 0U);
  EXPECT_EQ(connection.surroundings.counters.handshakes_failed.get(), 0U);
}

// --- Waiting for a turn

class SecureStreamQueue : public ::testing::Test {
 public:
  static constexpr HandshakeLimits kOneTurn = {.budget = Duration(1)};

  // A pass of the worker's loop.
  void pass() { turns += connection->surroundings.environment.finish_pass(clock().now()); }
  Clock& clock() { return connection->surroundings.clock; }
  const Counters& counters() { return connection->surroundings.counters; }
  void connect(const HandshakeLimits& limits) {
    connection.emplace(identity(), testing::ConnectionOptions{.handshakes = limits});
  }

  std::size_t turns = 0;
  std::optional<Connection> connection;
};

TEST_F(SecureStreamQueue, NothingHappensBeforeItsTurn) {
  connect(kOneTurn);
  connection->client.start();
  connection->exchange();
  EXPECT_EQ(connection->lower.sent(), 0U);
  EXPECT_EQ(counters().handshakes_started.get(), 0U);
  while (!connection->handler.opened && turns < 10) {
    pass();
    connection->exchange();
  }
  EXPECT_EQ(turns, 2U);
  ASSERT_TRUE(connection->client.send("question"));
  connection->exchange();
  EXPECT_EQ(connection->handler.received, "question");
}

TEST_F(SecureStreamQueue, WhatComesMeanwhileIsNotLost) {
  connect(kOneTurn);
  connection->client.start();
  connection->exchange();
  pass();
  connection->exchange();
  ASSERT_TRUE(connection->client.send("with the last flight"));
  connection->exchange();
  EXPECT_EQ(connection->handler.received, "");
  pass();
  EXPECT_EQ(connection->handler.received, "with the last flight");
  EXPECT_EQ(connection->lower.held(), 0U);
}

TEST_F(SecureStreamQueue, AClientMayLeaveBeforeOurTurn) {
  connect(kOneTurn);
  connection->client.start();
  connection->exchange();
  pass();
  connection->exchange();
  ASSERT_TRUE(connection->client.send("question"));
  ASSERT_TRUE(connection->client.send_close_notify());
  connection->exchange();
  connection->lower.deliver_end();
  EXPECT_FALSE(connection->handler.opened || connection->handler.failure);
  pass();
  EXPECT_EQ(connection->handler.received, "question");
  EXPECT_TRUE(connection->handler.ended);
  EXPECT_FALSE(connection->handler.failure);
  EXPECT_EQ(counters().handshakes_completed.get(), 1U);
}

TEST_F(SecureStreamQueue, AnEndInsteadOfTheRestFailsIt) {
  connect(kOneTurn);
  connection->client.start();
  connection->exchange();
  connection->lower.deliver_end();
  pass();
  EXPECT_EQ(connection->handler.failure, StreamError::kTruncated);
}

TEST_F(SecureStreamQueue, WhoIsRefusedSeesAReset) {
  connect({.budget = Duration(1), .waiting = 0});
  connection->client.start();
  connection->exchange();
  EXPECT_TRUE(connection->lower.aborted());
  EXPECT_EQ(connection->handler.failure, StreamError::kNoMemory);
  EXPECT_EQ(counters().handshakes_refused.get(), 1U);
  EXPECT_EQ(counters().handshakes_failed.get(), 0U);
}

TEST_F(SecureStreamQueue, WhoHasWaitedTooLongIsRefused) {
  connect(kOneTurn);
  connection->client.start();
  connection->exchange();
  clock().advance_by(kOneTurn.patience + Duration(1));
  pass();
  EXPECT_TRUE(connection->lower.aborted());
  EXPECT_EQ(counters().handshakes_refused.get(), 1U);
}

TEST_F(SecureStreamQueue, WhoIsGoneGetsNoTurn) {
  connect(kOneTurn);
  connection->client.start();
  connection->exchange();
  connection->lower.deliver_failure(StreamError::kReset);
  pass();
  EXPECT_EQ(turns, 0U);
}

// --- Sharing a record

class SecureStreamGathering : public ::testing::Test {
 public:
  SecureStreamGathering() : connection(identity(), {}) {
    connection.handshake();
    environment().options.gathers_writes = true;
  }
  Environment& environment() { return connection.surroundings.environment; }
  void send(std::string_view text) {
    connection.server->send(ByteChain(connection.surroundings.pool.packet(text)));
  }
  void finish_pass() {
    EXPECT_GT(environment().finish_pass(connection.surroundings.clock.now()), 0U);
  }

  Connection connection;
};

TEST_F(SecureStreamGathering, WhatIsSentInOnePassIsOneRecord) {
  send("head ");
  send("body");
  EXPECT_EQ(connection.lower.sent(), 0U);
  EXPECT_EQ(connection.server->unacknowledged(), 9U);
  finish_pass();
  EXPECT_EQ(connection.lower.sent(), 9U + 22U);
  connection.exchange();
  EXPECT_EQ(connection.client.received(), "head body");
}

TEST_F(SecureStreamGathering, AnEndDoesNotWait) {
  send("last words");
  connection.handler.close();
  connection.exchange();
  EXPECT_EQ(connection.client.received(), "last words");
  EXPECT_TRUE(connection.client.ended());
}

TEST_F(SecureStreamGathering, AFullRecordDoesNotWait) {
  for (int i = 0; i < 10; ++i) send(std::string(2000, 'x'));
  EXPECT_GE(connection.lower.sent(), 16384U);
  finish_pass();
  connection.exchange();
  EXPECT_EQ(connection.client.received().size(), 20000U);
}

TEST_F(SecureStreamGathering, WhoIsGoneIsForgotten) {
  send("never sent");
  connection.handler.abort();
  connection.end_loop();
  EXPECT_EQ(environment().finish_pass(connection.surroundings.clock.now()), 0U);
}

}  // namespace
}  // namespace sluice::tls
