#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>

#include "tls/secure_stream.h"
#include "tls/testing/connection.h"
#include "tls/testing/test_identity.h"
#include "tls/testing/variant.h"

namespace sluice::tls {
namespace {

using testing::Connection;
using testing::RecordingHandler;
using testing::TestIdentity;
using testing::Variant;

class SecureStreamEnding : public ::testing::TestWithParam<Variant> {
 public:
  void connect() {
    connection.emplace(TestIdentity::get().identity(),
                       testing::ConnectionOptions{.records = GetParam().records,
                                                  .client = {.version = GetParam().version}});
  }
  void open() {
    connect();
    connection->handshake();
    ASSERT_TRUE(connection->handler.opened) << connection->client.error();
  }
  void send(std::string_view text) {
    connection->server->send(ByteChain(connection->surroundings.pool.packet(text)));
  }
  const Counters& counters() { return connection->surroundings.counters; }

  std::optional<Connection> connection;
};

INSTANTIATE_TEST_SUITE_P(Versions, SecureStreamEnding, testing::every_variant(),
                         testing::variant_name);

TEST_P(SecureStreamEnding, CloseNotifyIsTheEndAndSendingStillWorks) {
  open();
  ASSERT_TRUE(connection->client.send("last words"));
  ASSERT_TRUE(connection->client.send_close_notify());
  connection->exchange();
  EXPECT_EQ(connection->handler.received, "last words");
  EXPECT_TRUE(connection->handler.ended);
  connection->lower.deliver_end();
  EXPECT_FALSE(connection->handler.failure);
  send("answer");
  connection->server->finish();
  connection->exchange();
  EXPECT_EQ(connection->client.received(), "answer");
  EXPECT_TRUE(connection->client.ended());
  EXPECT_EQ(connection->handler.acknowledged, 6U);
}

TEST_P(SecureStreamEnding, FinishSendsCloseNotifyAndReceivingGoesOn) {
  open();
  send("answer");
  connection->server->finish();
  EXPECT_TRUE(connection->lower.finished());
  EXPECT_FALSE(connection->lower.closed());
  connection->exchange();
  EXPECT_EQ(connection->client.received(), "answer");
  EXPECT_TRUE(connection->client.ended());
  ASSERT_TRUE(connection->client.send("more"));
  ASSERT_TRUE(connection->client.send_close_notify());
  connection->exchange();
  EXPECT_EQ(connection->handler.received, "more");
  EXPECT_TRUE(connection->handler.ended);
  connection->handler.close();
  EXPECT_TRUE(connection->lower.closed());
}

TEST_P(SecureStreamEnding, BytesBehindFinishAreNotSent) {
  open();
  connection->server->finish();
  send("too late");
  connection->server->finish();
  connection->exchange();
  EXPECT_EQ(connection->client.received(), "");
  EXPECT_EQ(connection->server->unacknowledged(), 0U);
}

TEST_P(SecureStreamEnding, NoAlertFollowsTheEnd) {
  open();
  connection->server->finish();
  connection->inject(ByteChain(connection->client_pool.packet(
      std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'))));
  connection->exchange();
  EXPECT_EQ(connection->handler.failure, StreamError::kProtocol);
}

TEST(SecureStreamEndingKeyUpdate, IsNotAnsweredBehindTheEnd) {
  Connection connection(TestIdentity::get().identity(), {.client = {.version = TLS1_3_VERSION}});
  connection.handshake();
  connection.server->finish();
  ASSERT_EQ(SSL_key_update(connection.client.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
  ASSERT_EQ(SSL_do_handshake(connection.client.ssl()), 1);
  ASSERT_TRUE(connection.client.send("more"));
  connection.exchange();
  EXPECT_EQ(connection.handler.received, "more");
  EXPECT_FALSE(connection.handler.failure);
}

TEST_P(SecureStreamEnding, CloseDeliversWhatIsQueuedAndLetsGoAtOnce) {
  open();
  send("goodbye");
  connection->handler.close();
  EXPECT_TRUE(connection->lower.closed());
  EXPECT_EQ(connection->surroundings.graveyard.size(), 1U);
  connection->exchange();
  EXPECT_EQ(connection->client.received(), "goodbye");
  EXPECT_TRUE(connection->client.ended());
}

TEST_P(SecureStreamEnding, AbortIsNoCleanEnd) {
  open();
  connection->handler.abort();
  EXPECT_TRUE(connection->lower.aborted());
  EXPECT_EQ(connection->lower.sent(), 0U);
  EXPECT_EQ(connection->surroundings.graveyard.size(), 1U);
}

TEST_P(SecureStreamEnding, FinWithoutCloseNotifyIsTruncation) {
  open();
  ASSERT_TRUE(connection->client.send("half a requ"));
  connection->exchange();
  connection->lower.deliver_end();
  EXPECT_EQ(connection->handler.received, "half a requ");
  EXPECT_EQ(connection->handler.failure, StreamError::kTruncated);
  EXPECT_FALSE(connection->handler.ended);
  EXPECT_TRUE(connection->lower.closed());
  EXPECT_EQ(counters().truncated.get(), 1U);
  EXPECT_EQ(counters().records_rejected.get(), 0U);
}

TEST_P(SecureStreamEnding, FinInTheMiddleOfARecordReleasesNothingOfIt) {
  open();
  ASSERT_TRUE(connection->client.send(std::string(1000, 'x')));
  ByteChain record = connection->client.take_output();
  ByteChain part;
  ASSERT_TRUE(record.move_front(record.size() - 1, part, *connection->client_pool));
  connection->lower.deliver(std::move(part));
  connection->lower.deliver_end();
  EXPECT_EQ(connection->handler.received, "");
  EXPECT_EQ(connection->handler.failure, StreamError::kTruncated);
}

TEST_P(SecureStreamEnding, FinInTheHandshakeFailsIt) {
  connect();
  connection->client.start();
  connection->carry_to_server();
  connection->lower.deliver_end();
  EXPECT_EQ(connection->handler.failure, StreamError::kTruncated);
  EXPECT_FALSE(connection->handler.opened);
  EXPECT_EQ(counters().handshakes_failed.get(), 1U);
  EXPECT_EQ(counters().truncated.get(), 0U);
}

TEST_P(SecureStreamEnding, FailureBelowIsPassedOn) {
  open();
  connection->lower.deliver_failure(StreamError::kTimedOut);
  EXPECT_EQ(connection->handler.failure, StreamError::kTimedOut);
  EXPECT_EQ(connection->surroundings.graveyard.size(), 1U);
}

TEST_P(SecureStreamEnding, FailureBelowInTheHandshakeFailsIt) {
  connect();
  connection->client.start();
  connection->carry_to_server();
  connection->lower.deliver_failure(StreamError::kReset);
  EXPECT_EQ(connection->handler.failure, StreamError::kReset);
  EXPECT_EQ(counters().handshakes_failed.get(), 1U);
}

TEST_P(SecureStreamEnding, DataBehindCloseNotifyIsIgnoredAndGivenBack) {
  open();
  ASSERT_TRUE(connection->client.send_close_notify());
  connection->inject(connection->client.take_output());
  connection->inject(ByteChain(connection->client_pool.packet(std::string(1500, 'x'))));
  connection->exchange();
  connection->inject(ByteChain(connection->client_pool.packet(std::string(1500, 'y'))));
  connection->exchange();
  EXPECT_TRUE(connection->handler.ended);
  EXPECT_EQ(connection->handler.received, "");
  EXPECT_FALSE(connection->handler.failure);
  EXPECT_EQ(connection->lower.held(), 0U);
}

TEST_P(SecureStreamEnding, ClosingBeforeTheHandshakeEndsIt) {
  connect();
  send("never sent");
  connection->client.start();
  connection->carry_to_server();
  connection->handler.close();
  EXPECT_TRUE(connection->lower.closed());
  EXPECT_EQ(counters().handshakes_failed.get(), 1U);
  connection->exchange();
  EXPECT_FALSE(connection->handler.opened);
}

TEST_P(SecureStreamEnding, AnotherHandlerGetsWhatFollows) {
  open();
  RecordingHandler other;
  other.stream = connection->server;
  connection->handler.in_data = [this, &other] {
    connection->server->set_handler(other);
    connection->handler.stream = nullptr;
  };
  ASSERT_TRUE(connection->client.send("first"));
  connection->exchange();
  ASSERT_TRUE(connection->client.send("second"));
  ASSERT_TRUE(connection->client.send_close_notify());
  connection->exchange();
  EXPECT_EQ(connection->handler.received, "first");
  EXPECT_EQ(other.received, "second");
  EXPECT_TRUE(other.ended);
  other.close();
}

// What a handler may do in each of its calls, and what must come of it.
enum class Act : std::uint8_t { kClose, kAbort, kAnswerAndClose, kFinish };
enum class Call : std::uint8_t { kOpen, kData, kEnd, kAcknowledged };

class SecureStreamReentrancy : public ::testing::TestWithParam<std::tuple<Variant, Call, Act>> {};

INSTANTIATE_TEST_SUITE_P(All, SecureStreamReentrancy,
                         ::testing::Combine(testing::every_variant(),
                                            ::testing::Values(Call::kOpen, Call::kData, Call::kEnd,
                                                              Call::kAcknowledged),
                                            ::testing::Values(Act::kClose, Act::kAbort,
                                                              Act::kAnswerAndClose, Act::kFinish)));

TEST_P(SecureStreamReentrancy, AHandlerMayEndTheStreamInAnyCall) {
  const auto [variant, call, act] = GetParam();
  Connection connection(TestIdentity::get().identity(),
                        {.records = variant.records, .client = {.version = variant.version}});
  RecordingHandler& handler = connection.handler;
  bool acted = false;
  const std::function<void()> action = [&connection, &handler, &acted, how = act] {
    if (std::exchange(acted, true)) return;
    if (how == Act::kAnswerAndClose) {
      handler.stream->send(ByteChain(connection.surroundings.pool.packet("answer")));
    }
    if (how == Act::kFinish) {
      handler.stream->finish();
    } else if (how == Act::kAbort) {
      handler.abort();
    } else {
      handler.close();
    }
  };
  (call == Call::kOpen   ? handler.in_open
   : call == Call::kData ? handler.in_data
   : call == Call::kEnd  ? handler.in_end
                         : handler.in_acknowledged) = action;
  if (call == Call::kAcknowledged) {
    connection.server->send(ByteChain(connection.surroundings.pool.packet("banner")));
  }

  connection.client.start();
  connection.carry_to_server();
  connection.carry_to_client();
  // The rest of the handshake, data and the end arrive at once.
  connection.exchange();
  (void)connection.client.send("data");
  (void)connection.client.send("more data");
  (void)connection.client.send_close_notify();
  connection.exchange();

  EXPECT_TRUE(acted);
  EXPECT_FALSE(handler.failure);
  EXPECT_EQ(connection.lower.aborted(), act == Act::kAbort);
  EXPECT_TRUE(connection.lower.aborted() || connection.lower.finished());
  EXPECT_EQ(connection.client.ended(), act != Act::kAbort);
  if (act == Act::kAnswerAndClose) {
    EXPECT_NE(connection.client.received().find("answer"), std::string::npos);
  }
  if (act != Act::kFinish) {
    EXPECT_EQ(connection.server != nullptr && handler.stream == nullptr, true);
  }
}

}  // namespace
}  // namespace sluice::tls
