#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>

#include "tls/secure_stream.h"
#include "tls/testing/connection.h"
#include "tls/testing/test_identity.h"
#include "tls/testing/variant.h"

namespace sluice::tls {
namespace {

using namespace std::string_literals;  // NOLINT(google-build-using-namespace):
                                       // bytes with zeros
using testing::Connection;
using testing::ConnectionOptions;
using testing::TestIdentity;
using testing::Variant;

constexpr std::string_view kSecret = "plaintext that must not come out changed";

class SecureStreamHostile : public ::testing::TestWithParam<Variant> {
 public:
  void connect() {
    connection.reset();
    connection.emplace(TestIdentity::get().identity(),
                       ConnectionOptions{.records = GetParam().records,
                                         .client = {.version = GetParam().version}});
  }
  void open() {
    connect();
    connection->handshake();
    ASSERT_TRUE(connection->handler.opened) << connection->client.error();
  }
  void inject(std::string_view bytes) {
    ByteChain chain;
    ASSERT_TRUE(
        chain.append_copy({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()},
                          *connection->client_pool));
    connection->inject(std::move(chain));
  }
  const Counters& counters() { return connection->surroundings.counters; }

  std::optional<Connection> connection;
};

INSTANTIATE_TEST_SUITE_P(Versions, SecureStreamHostile, testing::every_variant(),
                         testing::variant_name);

// A record with the byte at `position` changed; empty when the record is
// shorter.
std::string damaged_record(Connection& connection, std::size_t position, std::uint8_t mask) {
  EXPECT_TRUE(connection.client.send(kSecret));
  std::string bytes = sluice::testing::bytes_of(connection.client.take_output());
  if (position >= bytes.size()) return {};
  bytes[position] = static_cast<char>(bytes[position] ^ mask);
  return bytes;
}

TEST_P(SecureStreamHostile, AFlippedBitAnywhereInARecordReleasesNothing) {
  std::mt19937 random(3);
  for (std::size_t position = 0;; ++position) {
    open();
    const std::string bytes =
        damaged_record(*connection, position, static_cast<std::uint8_t>(1U << random() % 8));
    if (bytes.empty()) break;
    inject(bytes);
    connection->exchange();
    ASSERT_EQ(connection->handler.received, "") << "position " << position;
    if (!connection->handler.failure) {
      // A longer length: the record is not complete yet.
      ASSERT_TRUE(position == 3 || position == 4) << "position " << position;
      inject(std::string(20000, 'x'));
      connection->exchange();
    }
    ASSERT_EQ(connection->handler.failure, StreamError::kProtocol) << "position " << position;
    ASSERT_EQ(connection->handler.received, "");
    ASSERT_EQ(counters().records_rejected.get(), 1U);
    ASSERT_TRUE(connection->lower.closed());
  }
}

TEST_P(SecureStreamHostile, ABadRecordIsAnsweredWithAnAlert) {
  open();
  inject(damaged_record(*connection, 20, 1));
  connection->exchange();
  EXPECT_NE(connection->client.error().find("bad record mac"), std::string::npos)
      << connection->client.error();
}

TEST_P(SecureStreamHostile, GoodRecordsBeforeABadOneAreDelivered) {
  open();
  ASSERT_TRUE(connection->client.send("good"));
  connection->inject(connection->client.take_output());
  inject(damaged_record(*connection, 20, 1));
  connection->exchange();
  EXPECT_EQ(connection->handler.received, "good");
  EXPECT_EQ(connection->handler.failure, StreamError::kProtocol);
}

TEST_P(SecureStreamHostile, ReplayedAndReorderedRecordsAreRefused) {
  for (const bool replay : {true, false}) {
    open();
    ASSERT_TRUE(connection->client.send("one"));
    const std::string first = sluice::testing::bytes_of(connection->client.take_output());
    ASSERT_TRUE(connection->client.send("two"));
    const std::string second = sluice::testing::bytes_of(connection->client.take_output());
    inject(replay ? first + first : second + first);
    connection->exchange();
    EXPECT_EQ(connection->handler.received, replay ? "one" : "");
    EXPECT_EQ(connection->handler.failure, StreamError::kProtocol);
  }
}

TEST_P(SecureStreamHostile, FlippedBitsInTheHandshakeNeverChangeWhatArrives) {
  std::mt19937 random(4);
  int failures = 0;
  for (int round = 0; round < 300; ++round) {
    connect();
    connection->client.start();
    std::size_t flip = random() % 700;  // counts down over the client's flights
    bool flipped = false;
    for (int step = 0; step < 6; ++step) {
      std::string bytes = sluice::testing::bytes_of(connection->client.take_output());
      if (!flipped && flip < bytes.size()) {
        bytes[flip] =
            static_cast<char>(static_cast<unsigned char>(bytes[flip]) ^ (1U << random() % 8));
        flipped = true;
      }
      flip -= std::min(flip, bytes.size());
      inject(bytes);
      connection->exchange();
      if (connection->client.open()) (void)connection->client.send(kSecret);
    }
    connection->exchange();
    const std::string& received = connection->handler.received;
    for (std::size_t at = 0; at < received.size(); at += kSecret.size()) {
      ASSERT_EQ(received.substr(at, kSecret.size()), kSecret);
    }
    if (!connection->handler.opened) ++failures;
  }
  EXPECT_GT(failures, 30);
}

TEST_P(SecureStreamHostile, BytesThatAreNoTlsFailTheHandshake) {
  const std::string sslv2_hello = "\x80\x2e\x01\x03\x03\x00\x15\x00\x00\x00\x10"s;
  for (const std::string& bytes : {"GET / HTTP/1.1\r\n\r\n"s, "\x16\x03\x01\xff\xff"s,
                                   "\x17\x03\x03\x00\x05hello"s, sslv2_hello, "SSH-2.0-x\r\n"s,
                                   "\x15\x03\x03\x00\x02\x02\x28"s, "\x14\x03\x03\x00\x01\x02"s}) {
    for (const bool at_once : {true, false}) {
      connect();
      if (at_once) {
        inject(bytes);
        connection->exchange();
      } else {
        for (const char byte : bytes) {
          inject({&byte, 1});
          connection->exchange();
        }
      }
      EXPECT_EQ(connection->handler.failure, StreamError::kProtocol) << bytes;
      EXPECT_FALSE(connection->handler.opened);
      EXPECT_EQ(counters().handshakes_failed.get(), 1U);
    }
  }
}

TEST_P(SecureStreamHostile, EmptyRecordsDoNotKeepAHandshakeAlive) {
  connect();
  int sent = 0;
  for (; !connection->handler.failure && sent < 1000; ++sent) {
    inject("\x16\x03\x01\x00\x00"s);
    connection->exchange();
  }
  EXPECT_EQ(connection->handler.failure, StreamError::kProtocol);
  EXPECT_LE(sent, 40);
}

TEST_P(SecureStreamHostile, AHandshakeCannotGoOnForEver) {
  connect();
  // A ClientHello of the size OpenSSL allows, in fragments of one byte.
  const std::string header = "\x01\x01\xff\xff"s;
  std::size_t sent = 0;
  for (std::size_t i = 0; !connection->handler.failure && i < 200000; ++i) {
    const char byte = i < header.size() ? header[i] : '\0';
    inject("\x16\x03\x01\x00\x01"s + byte);
    sent += 6;
    if (i % 100 == 99) connection->exchange();
  }
  EXPECT_EQ(connection->handler.failure, StreamError::kProtocol);
  EXPECT_LE(sent, 66 * 1024U);
}

TEST_P(SecureStreamHostile, RandomBytesAfterTheHandshakeReleaseNothing) {
  std::mt19937 random(9);
  for (int round = 0; round < 100; ++round) {
    open();
    std::string bytes(1 + random() % 2000, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    if (round % 2 == 0) {
      const char header[] = {0x17, 0x03, 0x03, static_cast<char>(bytes.size() >> 8),
                             static_cast<char>(bytes.size())};
      bytes.insert(0, header, sizeof(header));
    }
    inject(bytes);
    connection->exchange();
    EXPECT_EQ(connection->handler.received, "");
    EXPECT_TRUE(connection->handler.failure || round % 2 == 1);
  }
}

TEST_P(SecureStreamHostile, AFatalAlertOfTheClientIsTold) {
  connection.emplace(
      TestIdentity::get().identity(),
      ConnectionOptions{.records = GetParam().records,
                        .client = {.version = GetParam().version,
                                   .authority = testing::CertificateAuthority().certificate()}});
  connection->handshake();
  EXPECT_FALSE(connection->client.open());
  EXPECT_EQ(connection->handler.failure, StreamError::kProtocol);
  EXPECT_EQ(counters().alerts_received.get(), 1U);
  EXPECT_EQ(counters().handshakes_failed.get(), 1U);
}

class SecureStreamRenegotiation : public ::testing::TestWithParam<RecordLayer> {};

INSTANTIATE_TEST_SUITE_P(Layers, SecureStreamRenegotiation, testing::every_layer(),
                         testing::layer_name);

TEST_P(SecureStreamRenegotiation, IsRefused) {
  Connection connection(TestIdentity::get().identity(),
                        {.records = GetParam(), .client = {.version = TLS1_2_VERSION}});
  connection.handshake();
  ASSERT_TRUE(connection.handler.opened);
  ASSERT_EQ(SSL_renegotiate(connection.client.ssl()), 1);
  (void)SSL_do_handshake(connection.client.ssl());
  connection.exchange();
  EXPECT_EQ(connection.surroundings.counters.handshakes_completed.get(), 1U);
  EXPECT_NE(connection.client.error().find("no renegotiation"), std::string::npos)
      << connection.client.error();
}

class SecureStreamKeyUpdate : public ::testing::TestWithParam<RecordLayer> {
 public:
  SecureStreamKeyUpdate()
      : connection(TestIdentity::get().identity(),
                   {.records = GetParam(), .client = {.version = TLS1_3_VERSION}}) {
    connection.handshake();
  }
  void update(int type) {
    ASSERT_EQ(SSL_key_update(connection.client.ssl(), type), 1);
    ASSERT_EQ(SSL_do_handshake(connection.client.ssl()), 1);
  }
  Connection connection;
};

INSTANTIATE_TEST_SUITE_P(Layers, SecureStreamKeyUpdate, testing::every_layer(),
                         testing::layer_name);

TEST_P(SecureStreamKeyUpdate, IsFollowedInBothDirections) {
  for (int round = 0; round < 20; ++round) {
    update(round % 2 == 0 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED);
    ASSERT_TRUE(connection.client.send("up"));
    connection.exchange();
    connection.server->send(ByteChain(connection.surroundings.pool.packet("down")));
    connection.exchange();
  }
  EXPECT_EQ(connection.handler.received.size(), 40U);
  EXPECT_EQ(connection.client.received().size(), 80U);
  EXPECT_EQ(connection.handler.acknowledged, 80U);
}

TEST_P(SecureStreamKeyUpdate, IsMadeBeforeKeysHaveProtectedTooMuch) {
  if (GetParam() == RecordLayer::kOpenSsl) GTEST_SKIP() << "OpenSSL has no such limit";
  connection.surroundings.environment.options.records_per_key = 10;
  for (int round = 0; round < 100; ++round) {
    ASSERT_TRUE(connection.client.send("up"));
    connection.server->send(ByteChain(connection.surroundings.pool.packet("down")));
    connection.exchange();
  }
  EXPECT_FALSE(connection.handler.failure);
  EXPECT_EQ(connection.handler.received.size(), 200U);
  EXPECT_EQ(connection.client.received().size(), 400U);
  EXPECT_GE(connection.surroundings.counters.key_updates.get(), 18U);
}

TEST_P(SecureStreamKeyUpdate, AFloodOfThemEndsTheConnection) {
  int sent = 0;
  while (!connection.handler.failure && sent < 1000) {
    update(SSL_KEY_UPDATE_REQUESTED);
    ++sent;
    connection.carry_to_server();
  }
  EXPECT_EQ(connection.handler.failure, StreamError::kProtocol);
  EXPECT_LE(sent, 40);
  EXPECT_EQ(connection.surroundings.counters.control_floods.get(), 1U);
}

TEST_P(SecureStreamKeyUpdate, ManyWithEnoughDataBetweenThemAreFine) {
  for (int round = 0; round < 100; ++round) {
    update(SSL_KEY_UPDATE_NOT_REQUESTED);
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(connection.client.send(std::string(16384, 'x')));
    connection.exchange();
  }
  EXPECT_FALSE(connection.handler.failure);
  EXPECT_EQ(connection.handler.received.size(), 100U * 2 * 16384);
}

TEST_P(SecureStreamKeyUpdate, AnswersDoNotPileUpWhileThePeerDoesNotRead) {
  const std::size_t before = connection.lower.sent();
  for (int round = 0; round < 200 && !connection.handler.failure; ++round) {
    for (int i = 0; i < 10; ++i) {
      update(SSL_KEY_UPDATE_REQUESTED);
      connection.carry_to_server();
    }
    (void)connection.client.send(std::string(16384, 'x'));
    connection.carry_to_server();
  }
  EXPECT_EQ(connection.handler.failure, StreamError::kProtocol);
  EXPECT_LE(connection.lower.sent() - before, 3000U);
}

}  // namespace
}  // namespace sluice::tls
