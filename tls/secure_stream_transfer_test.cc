#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "tls/secure_stream.h"
#include "tls/testing/connection.h"
#include "tls/testing/test_identity.h"
#include "tls/testing/variant.h"

namespace sluice::tls {
namespace {

using testing::Connection;
using testing::ConnectionOptions;
using testing::TestIdentity;
using testing::Variant;

constexpr std::size_t kFullRecord = 16384;
constexpr std::size_t kWindow = 65536;

std::string random_text(std::mt19937& random, std::size_t size) {
  std::string text(size, '\0');
  std::generate(text.begin(), text.end(), [&random] { return static_cast<char>(random()); });
  return text;
}

std::span<const std::uint8_t> octets(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

class SecureStreamTransfer : public ::testing::TestWithParam<Variant> {
 public:
  void open(ConnectionOptions options = {}) {
    options.records = GetParam().records;
    options.client.version = GetParam().version;
    connection.emplace(TestIdentity::get().identity(), options);
    connection->handshake();
    ASSERT_TRUE(connection->handler.opened) << connection->client.error();
  }

  // Sends text from the server in random pieces with at most `limit` bytes unacknowledged.
  void serve(const std::string& text, std::size_t limit) {
    std::size_t done = 0;
    while (done < text.size()) {
      const std::size_t free = limit - std::min(limit, connection->server->unacknowledged());
      const std::size_t size = std::min({text.size() - done, free, 1 + random() % 20000});
      ByteChain chain;
      ASSERT_TRUE(chain.append_copy(octets(std::string_view(text).substr(done, size)),
                                    *connection->surroundings.pool));
      connection->server->send(std::move(chain));
      done += size;
      for (int i = 0; i < 3; ++i) connection->carry_to_client();
    }
    connection->exchange();
  }

  std::mt19937 random{7};
  std::optional<Connection> connection;
};

INSTANTIATE_TEST_SUITE_P(Versions, SecureStreamTransfer, testing::every_variant(),
                         testing::variant_name);

TEST_P(SecureStreamTransfer, DownloadInRandomPiecesArrivesAndIsAcknowledgedExactly) {
  open({.piece = [this] { return 1 + random() % 5000; }});
  const std::string text = random_text(random, 3000000);
  serve(text, 200000);
  EXPECT_EQ(connection->client.received().size(), text.size());
  EXPECT_EQ(connection->client.received() == text, true);
  EXPECT_EQ(connection->handler.acknowledged, text.size());
  EXPECT_EQ(connection->server->unacknowledged(), 0U);
}

TEST_P(SecureStreamTransfer, AcknowledgementsNeverRunAhead) {
  open();
  connection->acknowledge_at_once = false;
  std::size_t sent = 0;
  for (int round = 0; round < 300; ++round) {
    const std::string text = random_text(random, 1 + random() % 3000);
    connection->server->send(ByteChain(connection->surroundings.pool.packet(text.substr(0, 2000))));
    sent += std::min<std::size_t>(text.size(), 2000);
    connection->exchange();
    const std::size_t in_flight = connection->lower.unacknowledged_taken();
    connection->lower.acknowledge(random() % (in_flight + 1));
    ASSERT_LE(connection->handler.acknowledged, connection->client.received().size());
    ASSERT_EQ(connection->server->unacknowledged(), sent - connection->handler.acknowledged);
  }
  connection->lower.acknowledge(connection->lower.unacknowledged_taken());
  EXPECT_EQ(connection->handler.acknowledged, sent);
}

TEST_P(SecureStreamTransfer, SmallSendsAndLargeOnesKeepTheirOrder) {
  open();
  std::string expected;
  for (int round = 0; round < 200; ++round) {
    const std::string text = random_text(random, round % 20 == 0 ? 40000 : 1 + random() % 600);
    ByteChain chain;
    ASSERT_TRUE(chain.append_copy(octets(text), *connection->surroundings.pool));
    connection->server->send(std::move(chain));
    expected += text;
    if (round % 4 == 0) connection->exchange();
  }
  connection->exchange();
  EXPECT_TRUE(connection->client.received() == expected);
}

TEST_P(SecureStreamTransfer, BulkGoesInFullRecordsAfterItsBeginning) {
  open();
  serve(random_text(random, RecordSize::kSmallBytes), 50000);
  const std::size_t before = connection->lower.unacknowledged();
  ByteChain chain;
  ASSERT_TRUE(chain.append_copy(octets(std::string(16 * kFullRecord, 'x')),
                                *connection->surroundings.pool));
  connection->server->send(std::move(chain));
  const std::size_t ciphertext = connection->lower.unacknowledged() - before;
  EXPECT_LE(ciphertext, 16 * (kFullRecord + 29));
  connection->exchange();
}

TEST_P(SecureStreamTransfer, ClientMayAskForSmallFragments) {
  open({.client = {.max_fragment = TLSEXT_max_fragment_length_512}});
  const std::string text = random_text(random, 300000);
  serve(text, 100000);
  EXPECT_TRUE(connection->client.received() == text);
  EXPECT_EQ(connection->handler.acknowledged, text.size());
}

TEST_P(SecureStreamTransfer, UploadInRandomPiecesHoldsToTheWindow) {
  open({.window = kWindow, .piece = [this] { return 1 + random() % 5000; }});
  connection->handler.consume_at_once = false;
  const std::string text = random_text(random, 1500000);
  std::size_t sent = 0;
  std::size_t consumed = 0;
  while (consumed < text.size()) {
    if (sent < text.size()) {
      const std::size_t size = std::min<std::size_t>(text.size() - sent, 1 + random() % 30000);
      ASSERT_TRUE(connection->client.send(std::string_view(text).substr(sent, size)));
      sent += size;
    }
    for (int i = 0; i < 20; ++i) connection->carry_to_server();
    const std::size_t held = connection->handler.received.size() - consumed;
    ASSERT_LE(held, kWindow + kFullRecord);
    const std::size_t eaten = random() % 3 == 0 ? held : random() % (held + 1);
    connection->server->consume(eaten);
    consumed += eaten;
  }
  EXPECT_TRUE(connection->handler.received == text);
  EXPECT_EQ(connection->lower.held(), 0U);
  EXPECT_EQ(connection->lower.window(), kWindow);
}

TEST_P(SecureStreamTransfer, WhatIsNotConsumedStopsTheSender) {
  open({.window = 40000});
  connection->handler.consume_at_once = false;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(connection->client.send(random_text(random, 10000)));
  }
  connection->exchange();
  const std::size_t received = connection->handler.received.size();
  EXPECT_GE(received, 30000U);
  EXPECT_LE(received, 40000 + kFullRecord);
  connection->server->consume(received);
  connection->handler.consume_at_once = true;
  connection->exchange();
  EXPECT_EQ(connection->handler.received.size(), 200000U);
  EXPECT_EQ(connection->lower.window(), 40000U);
}

TEST_P(SecureStreamTransfer, RecordsLargerThanTheWindowArrive) {
  open({.window = 1500});
  connection->handler.consume_at_once = false;
  const std::string text = random_text(random, 100000);
  ASSERT_TRUE(connection->client.send(text));
  std::size_t consumed = 0;
  while (consumed < text.size()) {
    connection->exchange();
    const std::size_t held = connection->handler.received.size() - consumed;
    ASSERT_GT(held, 0U);
    ASSERT_LE(held, kFullRecord + 1500);
    connection->server->consume(held);
    consumed += held;
  }
  EXPECT_TRUE(connection->handler.received == text);
  EXPECT_EQ(connection->lower.window(), 1500U);
}

class SecureStreamWindow : public ::testing::TestWithParam<RecordLayer> {};

INSTANTIATE_TEST_SUITE_P(Layers, SecureStreamWindow, testing::every_layer(), testing::layer_name);

TEST_P(SecureStreamWindow, WhatCameWithTheHandshakesEndIsHeldUntilItIsConsumed) {
  Connection connection(TestIdentity::get().identity(),
                        {.records = GetParam(), .client = {.version = TLS1_3_VERSION}});
  connection.handler.consume_at_once = false;
  connection.handler.in_open = [&connection] { connection.server->consume(0); };
  connection.client.start();
  connection.carry_to_server();
  connection.carry_to_client();
  ASSERT_TRUE(connection.client.send(std::string(1000, 'x')));
  connection.exchange();
  EXPECT_EQ(connection.handler.received.size(), 1000U);
  EXPECT_EQ(connection.lower.held(), 1000U);
  connection.server->consume(1000);
  EXPECT_EQ(connection.lower.held(), 0U);
}

TEST_P(SecureStreamTransfer, TinyRecordsShareBuffers) {
  open();
  connection->handler.consume_at_once = false;
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(connection->client.send("x"));
  std::size_t calls = 0;
  connection->handler.in_data = [&calls] { ++calls; };
  connection->exchange();
  EXPECT_EQ(connection->handler.received, std::string(500, 'x'));
  EXPECT_EQ(calls, 1U);
}

TEST_P(SecureStreamTransfer, BothDirectionsAtOnce) {
  open({.piece = [this] { return 1 + random() % 9000; }});
  const std::string down = random_text(random, 400000);
  const std::string up = random_text(random, 400000);
  for (std::size_t done = 0; done < down.size(); done += 10000) {
    ASSERT_TRUE(connection->client.send(std::string_view(up).substr(done, 10000)));
    ByteChain chain;
    ASSERT_TRUE(chain.append_copy(octets(std::string_view(down).substr(done, 10000)),
                                  *connection->surroundings.pool));
    connection->server->send(std::move(chain));
    connection->exchange();
  }
  EXPECT_TRUE(connection->client.received() == down);
  EXPECT_TRUE(connection->handler.received == up);
}

TEST_P(SecureStreamTransfer, AnIdleConnectionHoldsNoBuffers) {
  open();
  serve(random_text(random, 100000), 50000);
  ASSERT_TRUE(connection->client.send("x"));
  connection->exchange();
  connection->surroundings.environment.reserve.release();
  connection->surroundings.pool->refresh();
  EXPECT_EQ(connection->surroundings.pool->available(), connection->surroundings.pool->capacity());
}

}  // namespace
}  // namespace sluice::tls
