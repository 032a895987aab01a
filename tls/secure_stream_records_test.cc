// Records of our own with OpenSSL as the peer, in every suite.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "tls/secure_stream.h"
#include "tls/testing/connection.h"
#include "tls/testing/test_identity.h"

namespace sluice::tls {
namespace {

using testing::Connection;
using testing::TestIdentity;

struct Suited {
  int version;
  const char* cipher;
};

class SecureStreamRecords : public ::testing::TestWithParam<Suited> {
 public:
  static Connection make(std::function<std::size_t()> piece = {}) {
    testing::ConnectionOptions options;
    options.client.version = GetParam().version;
    (is_tls13() ? options.client.ciphersuites : options.client.ciphers) = GetParam().cipher;
    options.piece = std::move(piece);
    return Connection(TestIdentity::get().identity(), options);
  }
  [[nodiscard]] static bool is_tls13() { return GetParam().version == TLS1_3_VERSION; }

  std::string random_text(std::size_t size) {
    std::string text(size, '\0');
    std::generate(text.begin(), text.end(), [this] { return static_cast<char>(random()); });
    return text;
  }
  void send(Connection& connection, const std::string& text) {
    ByteChain chain;
    // Not at the beginning of a buffer, and in pieces of any size.
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = std::min<std::size_t>(text.size() - at, 1 + random() % 2000);
      chain.append(connection.surroundings.pool.packet(text.substr(at, size)));
      at += size;
    }
    connection.server->send(std::move(chain));
  }

  std::mt19937 random{11};
};

INSTANTIATE_TEST_SUITE_P(Suites, SecureStreamRecords,
                         ::testing::Values(Suited{TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256"},
                                           Suited{TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384"},
                                           Suited{TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256"},
                                           Suited{TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256"},
                                           Suited{TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384"},
                                           Suited{TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305"}),
                         [](const auto& info) {
                           std::string name = info.param.cipher;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST_P(SecureStreamRecords, AreOurOwnAfterTheHandshake) {
  Connection connection = make();
  connection.handshake();
  ASSERT_TRUE(connection.handler.opened) << connection.client.error();
  EXPECT_EQ(connection.agreed.cipher, GetParam().cipher);
  EXPECT_TRUE(connection.server->protects_records());
}

TEST_P(SecureStreamRecords, OfAnySizeArriveBothWaysBetweenKeyUpdates) {
  Connection connection = make([this] { return 1 + random() % 6000; });
  connection.surroundings.environment.options.records_per_key = 50;
  connection.handshake();
  std::string up;
  std::string down;
  for (int round = 0; round < 150; ++round) {
    const std::size_t most = std::size_t{1} << (random() % 15);
    const std::string sent = random_text(1 + random() % most);
    ASSERT_TRUE(connection.client.send(sent));
    up += sent;
    const std::string answer = random_text(random() % most);
    send(connection, answer);
    down += answer;
    if (is_tls13() && random() % 10 == 0) {
      const int type = random() % 2 == 0 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED;
      ASSERT_EQ(SSL_key_update(connection.client.ssl(), type), 1);
    }
    if (random() % 3 == 0) connection.exchange();
  }
  connection.exchange();
  EXPECT_FALSE(connection.handler.failure) << connection.client.error();
  EXPECT_TRUE(connection.handler.received == up);
  EXPECT_TRUE(connection.client.received() == down);
  EXPECT_EQ(connection.handler.acknowledged, down.size());
  if (is_tls13()) EXPECT_GE(connection.surroundings.counters.key_updates.get(), 5U);
}

TEST_P(SecureStreamRecords, MayBeCutAtAnyByte) {
  Connection connection = make();
  connection.handshake();
  const std::string text = random_text(40);
  std::size_t size = text.size();
  for (std::size_t cut = 1; cut < size; ++cut) {
    ASSERT_TRUE(connection.client.send(text));
    ByteChain record = connection.client.take_output();
    size = record.size();
    ByteChain first;
    ASSERT_TRUE(record.move_front(cut, first, *connection.client_pool));
    connection.handler.received.clear();
    connection.lower.deliver(std::move(first));
    EXPECT_EQ(connection.handler.received, "") << cut;
    connection.lower.deliver(std::move(record));
    ASSERT_EQ(connection.handler.received, text) << cut;
  }
}

TEST_P(SecureStreamRecords, AFlippedBitIsABadRecordMacAndNothingComesOut) {
  for (std::size_t at = 5; at < 60; ++at) {
    Connection connection = make();
    connection.handshake();
    ASSERT_TRUE(connection.client.send(random_text(40)));
    std::string record = sluice::testing::bytes_of(connection.client.take_output());
    if (at >= record.size()) break;
    record[at] = static_cast<char>(record[at] ^ (1 << random() % 8));
    connection.lower.deliver(ByteChain(connection.client_pool.packet(record)));
    ASSERT_EQ(connection.handler.failure, StreamError::kProtocol) << at;
    ASSERT_EQ(connection.handler.received, "") << at;
    connection.exchange();
    ASSERT_NE(connection.client.error().find("bad record mac"), std::string::npos) << at;
    ASSERT_TRUE(connection.lower.closed());
  }
}

TEST_P(SecureStreamRecords, EndWithACloseNotifyOfTheirOwn) {
  Connection connection = make();
  connection.handshake();
  send(connection, "last words");
  connection.handler.close();
  connection.exchange();
  EXPECT_EQ(connection.client.received(), "last words");
  EXPECT_TRUE(connection.client.ended());
  EXPECT_FALSE(connection.client.failed()) << connection.client.error();
}

}  // namespace
}  // namespace sluice::tls
