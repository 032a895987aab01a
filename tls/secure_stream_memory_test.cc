#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tls/secure_stream.h"
#include "tls/testing/connection.h"
#include "tls/testing/test_identity.h"
#include "tls/testing/variant.h"

namespace sluice::tls {
namespace {

using testing::Connection;
using testing::TestIdentity;
using testing::Variant;

class SecureStreamMemory : public ::testing::TestWithParam<Variant> {
 public:
  SecureStreamMemory()
      : connection(TestIdentity::get().identity(), {.records = GetParam().records,
                                                    .client = {.version = GetParam().version},
                                                    .buffers = 64}) {}

  void open() {
    connection.handshake();
    ASSERT_TRUE(connection.handler.opened);
  }
  Packet packet(std::string_view text) { return connection.surroundings.pool.packet(text); }
  // Takes all buffers of the server's worker.
  void drain() {
    connection.surroundings.environment.reserve.release();
    while (Packet packet = connection.surroundings.pool->allocate()) {
      hoard.push_back(std::move(packet));
    }
  }
  [[nodiscard]] static bool own_records() { return GetParam().records == RecordLayer::kOwn; }
  const Counters& counters() { return connection.surroundings.counters; }

  Connection connection;
  std::vector<Packet> hoard;
};

INSTANTIATE_TEST_SUITE_P(Versions, SecureStreamMemory, testing::every_variant(),
                         testing::variant_name);

TEST_P(SecureStreamMemory, AHandshakeWithoutBuffersFails) {
  connection.client.start();
  drain();
  connection.exchange();
  EXPECT_EQ(connection.handler.failure, StreamError::kNoMemory);
  EXPECT_TRUE(connection.lower.aborted());
  EXPECT_EQ(counters().handshakes_failed.get(), 1U);
  EXPECT_EQ(counters().out_of_buffers.get(), 1U);
}

TEST_P(SecureStreamMemory, OnlyOpenSslNeedsBuffersToReceive) {
  open();
  ASSERT_TRUE(connection.client.send("hello"));
  drain();
  connection.exchange();
  EXPECT_EQ(connection.handler.received, own_records() ? "hello" : "");
  EXPECT_EQ(connection.handler.failure == StreamError::kNoMemory, !own_records());
  EXPECT_EQ(connection.lower.aborted(), !own_records());
}

TEST_P(SecureStreamMemory, OnlyOpenSslNeedsBuffersInTheMiddleOfARecord) {
  open();
  ASSERT_TRUE(connection.client.send(std::string(16384, 'x')));
  drain();
  hoard.pop_back();
  connection.exchange();
  EXPECT_EQ(connection.handler.failure == StreamError::kNoMemory, !own_records());
  EXPECT_EQ(connection.handler.received.size() == 16384, own_records());
}

// What others refer to must not be decrypted in place.
TEST_P(SecureStreamMemory, ReceivingInSharedBuffersTakesNewOnes) {
  open();
  ASSERT_TRUE(connection.client.send(std::string(10000, 'x')));
  ByteChain record = connection.client.take_output();
  ByteChain same;
  for (rte_mbuf* buffer = record.head(); buffer != nullptr; buffer = buffer->next) {
    same.append(connection.client_pool->share(*buffer, 0, buffer->data_len));
  }
  const std::string before = sluice::testing::bytes_of(record);
  connection.inject(std::move(same));
  connection.exchange();
  EXPECT_EQ(connection.handler.received, std::string(10000, 'x'));
  EXPECT_EQ(sluice::testing::bytes_of(record), before);
}

TEST_P(SecureStreamMemory, SendingWithoutBuffersFailsAfterTheCall) {
  open();
  ByteChain data(packet("answer"));
  drain();
  connection.server->send(std::move(data));
  EXPECT_FALSE(connection.handler.failure);
  EXPECT_TRUE(connection.lower.aborted());
  ASSERT_FALSE(hoard.empty());
  connection.server->send({});
  connection.server->consume(5);
  connection.server->finish();
  connection.end_loop();
  EXPECT_EQ(connection.handler.failure, StreamError::kNoMemory);
  EXPECT_EQ(counters().out_of_buffers.get(), 1U);
}

TEST_P(SecureStreamMemory, AFailureIsNotToldToWhoHasLetGo) {
  for (const bool by_close : {true, false}) {
    Connection other(
        TestIdentity::get().identity(),
        {.records = GetParam().records, .client = {.version = GetParam().version}, .buffers = 64});
    other.handshake();
    ByteChain data(other.surroundings.pool.packet("answer"));
    other.surroundings.environment.reserve.release();
    std::vector<Packet> taken;
    while (Packet packet = other.surroundings.pool->allocate()) taken.push_back(std::move(packet));
    other.server->send(std::move(data));
    EXPECT_TRUE(other.lower.aborted());
    by_close ? other.handler.close() : other.handler.abort();
    other.end_loop();
    EXPECT_FALSE(other.handler.failure);
  }
}

TEST_P(SecureStreamMemory, AFailureInsideACallbackIsToldAfterIt) {
  open();
  std::optional<ByteChain> answer(packet("answer"));
  connection.handler.in_data = [this, &answer] {
    drain();
    connection.server->send(std::move(*answer));
    EXPECT_FALSE(connection.handler.failure);
  };
  ASSERT_TRUE(connection.client.send("question"));
  ASSERT_TRUE(connection.client.send_close_notify());
  connection.exchange();
  EXPECT_FALSE(connection.handler.ended);
  EXPECT_EQ(connection.handler.failure, StreamError::kNoMemory);
}

TEST_P(SecureStreamMemory, WithBytesInFlightSendingWaitsForBuffers) {
  open();
  // So large that no piece is copied behind another, which would free its buffer.
  const std::string text[] = {std::string(300, 'a'), std::string(300, 'b'), std::string(300, 'c')};
  connection.server->send(ByteChain(packet(text[0])));
  ByteChain second(packet(text[1]));
  ByteChain third(packet(text[2]));
  drain();
  connection.server->send(std::move(second));
  connection.server->send(std::move(third));
  connection.server->finish();
  EXPECT_FALSE(connection.lower.aborted());
  EXPECT_FALSE(connection.lower.finished());
  EXPECT_EQ(connection.server->unacknowledged(), 900U);
  EXPECT_GE(counters().records_postponed.get(), 1U);
  connection.exchange();
  EXPECT_EQ(connection.client.received(), text[0] + text[1] + text[2]);
  EXPECT_TRUE(connection.client.ended());
  EXPECT_TRUE(connection.lower.finished());
  EXPECT_EQ(connection.handler.acknowledged, 900U);
  EXPECT_FALSE(connection.handler.failure);
}

TEST_P(SecureStreamMemory, ACloseThatWaitsForBuffersLingers) {
  open();
  connection.server->send(ByteChain(packet("first ")));
  ByteChain second(packet("second"));
  drain();
  connection.server->send(std::move(second));
  connection.handler.close();
  EXPECT_FALSE(connection.lower.closed());
  EXPECT_EQ(counters().lingering.get(), 1U);
  ASSERT_TRUE(connection.client.send("nobody listens"));
  connection.exchange();
  EXPECT_TRUE(connection.lower.closed());
  EXPECT_EQ(connection.client.received(), "first second");
  EXPECT_TRUE(connection.client.ended());
  EXPECT_EQ(connection.handler.received, "");
  EXPECT_EQ(connection.lower.held(), 0U);
  EXPECT_EQ(counters().lingering.get(), 0U);
}

TEST_P(SecureStreamMemory, OnlyAFewLingerAtATime) {
  open();
  connection.surroundings.counters.lingering.set(64);
  connection.server->send(ByteChain(packet("first ")));
  ByteChain second(packet("second"));
  drain();
  connection.server->send(std::move(second));
  connection.handler.close();
  EXPECT_TRUE(connection.lower.aborted());
  EXPECT_EQ(counters().lingering.get(), 64U);
}

TEST_P(SecureStreamMemory, ALingeringCloseEndsWithTheStreamBelow) {
  open();
  connection.server->send(ByteChain(packet("first ")));
  ByteChain second(packet("second"));
  drain();
  connection.server->send(std::move(second));
  connection.handler.close();
  connection.lower.deliver_end();
  EXPECT_EQ(connection.surroundings.graveyard.size(), 0U);
  connection.lower.deliver_failure(StreamError::kTimedOut);
  EXPECT_EQ(connection.surroundings.graveyard.size(), 1U);
  EXPECT_FALSE(connection.handler.failure);
}

TEST_P(SecureStreamMemory, WaitingForBuffersEndsWhenNothingIsInFlight) {
  open();
  connection.server->send(ByteChain(packet("first ")));
  ByteChain second(packet("second"));
  drain();
  connection.server->send(std::move(second));
  connection.handler.in_acknowledged = [this] { drain(); };
  connection.exchange();
  EXPECT_EQ(connection.client.received(), "first ");
  EXPECT_EQ(connection.handler.failure, StreamError::kNoMemory);
}

}  // namespace
}  // namespace sluice::tls
