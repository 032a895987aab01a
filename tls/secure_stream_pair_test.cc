// Our client and our server on one wire: transfers, endings, and buffers that run out.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tls/secure_stream.h"
#include "tls/testing/pair.h"
#include "tls/testing/test_client.h"
#include "tls/testing/variant.h"

namespace sluice::tls {
namespace {

using testing::Pair;
using testing::PairOptions;
using testing::TestIdentity;
using testing::trusting_client;
using testing::Variant;

std::string random_text(std::mt19937& random, std::size_t size) {
  std::string text(size, '\0');
  std::generate(text.begin(), text.end(), [&random] { return static_cast<char>(random()); });
  return text;
}

// Looks like one with data, but nobody has encrypted it.
std::string bad_record() {
  return std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x');
}

class SecureStreamPair : public ::testing::TestWithParam<Variant> {
 public:
  void connect(PairOptions options = {}) {
    options.records = GetParam().records;
    pair.emplace(TestIdentity::get().identity(), context, options);
  }
  void open(const PairOptions& options = {}) {
    connect(options);
    pair->handshake();
    ASSERT_TRUE(pair->client.handler.opened && pair->server.handler.opened);
  }
  // Takes all buffers of the client's worker.
  void drain() {
    pair->client.surroundings.environment.reserve.release();
    while (Packet packet = pair->client.surroundings.pool->allocate()) {
      hoard.push_back(std::move(packet));
    }
  }

  std::mt19937 random{5};
  ClientContext context{trusting_client(GetParam().version)};
  std::optional<Pair> pair;
  std::vector<Packet> hoard;
};

INSTANTIATE_TEST_SUITE_P(Versions, SecureStreamPair, testing::every_variant(),
                         testing::variant_name);

TEST_P(SecureStreamPair, MuchArrivesBothWaysAtOnce) {
  open({.piece = [this] { return 1 + random() % 9000; }});
  const std::string up = random_text(random, 2000000);
  const std::string down = random_text(random, 2000000);
  for (std::size_t done = 0; done < up.size(); done += 50000) {
    pair->client.send(std::string_view(up).substr(done, 50000));
    pair->server.send(std::string_view(down).substr(done, 50000));
    pair->exchange();
  }
  EXPECT_TRUE(pair->server.handler.received == up);
  EXPECT_TRUE(pair->client.handler.received == down);
  EXPECT_EQ(pair->client.handler.acknowledged, up.size());
  EXPECT_EQ(pair->server.handler.acknowledged, down.size());
  EXPECT_EQ(pair->client.lower.held(), 0U);
}

TEST_P(SecureStreamPair, BothSidesReplaceTheirKeysOften) {
  open({.piece = [this] { return 1 + random() % 3000; }});
  for (Pair::Side* side : {&pair->client, &pair->server}) {
    side->surroundings.environment.options.records_per_key = 20;
  }
  const std::string text = random_text(random, 300000);
  for (std::size_t done = 0; done < text.size(); done += 5000) {
    pair->client.send(std::string_view(text).substr(done, 5000));
    pair->server.send(std::string_view(text).substr(done, 5000));
    pair->exchange();
  }
  EXPECT_TRUE(pair->server.handler.received == text);
  EXPECT_TRUE(pair->client.handler.received == text);
  EXPECT_FALSE(pair->client.handler.failure || pair->server.handler.failure);
}

TEST_P(SecureStreamPair, WhatTheClientDoesNotConsumeStopsTheServer) {
  open({.window = 40000});
  pair->client.handler.consume_at_once = false;
  pair->server.send(random_text(random, 200000));
  pair->exchange();
  const std::size_t received = pair->client.handler.received.size();
  EXPECT_GE(received, 30000U);
  EXPECT_LE(received, 40000U + 16384U);
  pair->client.handler.consume_at_once = true;
  pair->client.stream->consume(received);
  pair->exchange();
  EXPECT_EQ(pair->client.handler.received.size(), 200000U);
  EXPECT_EQ(pair->client.lower.window(), 40000U);
}

TEST_P(SecureStreamPair, WhatWasQueuedBeforeOpeningFollowsTheHandshake) {
  connect();
  pair->client.send("early");
  pair->client.stream->finish();
  EXPECT_EQ(pair->client.lower.sent(), 0U);
  pair->handshake();
  EXPECT_EQ(pair->server.handler.received, "early");
  EXPECT_TRUE(pair->server.handler.ended);
  EXPECT_TRUE(pair->client.lower.finished());
}

TEST_P(SecureStreamPair, CloseNotifyIsTheEndInBothDirections) {
  open();
  pair->client.send("last words");
  pair->client.stream->finish();
  pair->exchange();
  EXPECT_EQ(pair->server.handler.received, "last words");
  EXPECT_TRUE(pair->server.handler.ended);
  pair->server.send("answer");
  pair->server.handler.close();
  pair->exchange();
  EXPECT_EQ(pair->client.handler.received, "answer");
  EXPECT_TRUE(pair->client.handler.ended);
  EXPECT_FALSE(pair->client.handler.failure);
  pair->client.handler.close();
  EXPECT_TRUE(pair->client.lower.closed());
}

TEST_P(SecureStreamPair, FinWithoutCloseNotifyIsTruncation) {
  open();
  pair->server.send("half an ans");
  pair->exchange();
  Failure failure{Failure::Kind::kProtocol};
  pair->client.handler.in_failure = [&failure, stream = pair->client.stream] {
    failure = stream->failure();
  };
  pair->client.lower.deliver_end();
  EXPECT_EQ(pair->client.handler.received, "half an ans");
  EXPECT_EQ(pair->client.handler.failure, StreamError::kTruncated);
  EXPECT_EQ(failure, Failure{});
  EXPECT_EQ(pair->client.counters().truncated.get(), 1U);
}

TEST_P(SecureStreamPair, FinInTheHandshakeFailsIt) {
  connect();
  pair->client.lower.deliver_open();
  pair->client.lower.deliver_end();
  EXPECT_EQ(pair->client.handler.failure, StreamError::kTruncated);
  EXPECT_EQ(pair->client.counters().handshakes_failed.get(), 1U);
}

TEST_P(SecureStreamPair, ABadRecordFailsTheClientAndIsAnswered) {
  open();
  Failure failure;
  pair->client.handler.in_failure = [&failure, stream = pair->client.stream] {
    failure = stream->failure();
  };
  pair->client.lower.deliver(ByteChain(pair->wire_pool.packet(bad_record())));
  EXPECT_EQ(pair->client.handler.failure, StreamError::kProtocol);
  EXPECT_EQ(to_string(failure), "alert sent: bad record mac");
  EXPECT_EQ(pair->client.counters().records_rejected.get(), 1U);
  pair->exchange();
  EXPECT_EQ(pair->server.handler.failure, StreamError::kProtocol);
  EXPECT_EQ(pair->server.counters().alerts_received.get(), 1U);
}

TEST_P(SecureStreamPair, ReasonsOutliveWhatTheHandlerSendsMeanwhile) {
  open();
  Failure failure;
  pair->client.handler.in_failure = [&failure, stream = pair->client.stream] {
    failure = stream->failure();
  };
  pair->server.send("good");
  ByteChain bytes = pair->server.lower.take_sent(SIZE_MAX, *pair->wire_pool);
  bytes.append(pair->wire_pool.packet(bad_record()));
  pair->client.handler.in_data = [this] { pair->client.send("thanks"); };
  pair->client.lower.deliver(std::move(bytes));
  pair->end_loop();
  EXPECT_EQ(pair->client.handler.received, "good");
  EXPECT_EQ(pair->client.handler.failure, StreamError::kProtocol);
  EXPECT_EQ(to_string(failure), "alert sent: bad record mac");
}

TEST_P(SecureStreamPair, ClosingBeforeTheStreamBelowIsOpenLetsGoOfIt) {
  for (const bool by_close : {true, false}) {
    connect();
    pair->client.send("never sent");
    by_close ? pair->client.handler.close() : pair->client.handler.abort();
    EXPECT_EQ(pair->client.lower.closed(), by_close);
    EXPECT_EQ(pair->client.lower.aborted(), !by_close);
    pair->client.lower.deliver_open();
    EXPECT_EQ(pair->client.lower.sent(), 0U);
    EXPECT_EQ(pair->client.counters().handshakes_started.get(), 0U);
    EXPECT_EQ(pair->client.counters().handshakes_failed.get(), 0U);
    EXPECT_EQ(pair->client.surroundings.graveyard.size(), 1U);
  }
}

TEST_P(SecureStreamPair, AStreamBelowThatNeverOpensFailsIt) {
  connect();
  pair->client.lower.deliver_failure(StreamError::kRefused);
  EXPECT_EQ(pair->client.handler.failure, StreamError::kRefused);
  EXPECT_EQ(pair->client.counters().handshakes_started.get(), 0U);
}

TEST_P(SecureStreamPair, AHandlerMayEndTheStreamWhenItOpens) {
  for (const bool by_close : {true, false}) {
    connect();
    pair->client.handler.in_open = [this, by_close] {
      by_close ? pair->client.handler.close() : pair->client.handler.abort();
    };
    pair->handshake();
    EXPECT_TRUE(pair->client.handler.opened);
    EXPECT_EQ(pair->client.lower.closed(), by_close);
    EXPECT_EQ(pair->server.handler.ended, by_close);
    EXPECT_FALSE(pair->client.handler.failure);
  }
}

TEST_P(SecureStreamPair, WithoutBuffersNoHandshakeBegins) {
  connect({.buffers = 64});
  drain();
  pair->client.lower.deliver_open();
  EXPECT_EQ(pair->client.handler.failure, StreamError::kNoMemory);
  EXPECT_TRUE(pair->client.lower.aborted());
  EXPECT_EQ(pair->client.counters().out_of_buffers.get(), 1U);
  EXPECT_EQ(pair->client.counters().handshakes_failed.get(), 1U);
}

TEST_P(SecureStreamPair, WithoutBuffersConnectTellsLater) {
  connect({.buffers = 64});
  drain();
  testing::FakeStream lower(65536);
  testing::RecordingHandler handler;
  handler.stream = tls::connect(lower, context, {.lower_is_open = true}, handler,
                                pair->client.surroundings.environment);
  ASSERT_NE(handler.stream, nullptr);
  EXPECT_FALSE(handler.failure);
  EXPECT_TRUE(lower.aborted());
  pair->end_loop();
  EXPECT_EQ(handler.failure, StreamError::kNoMemory);
}

TEST_P(SecureStreamPair, ANameThatCannotBeOneIsRefused) {
  connect();
  testing::FakeStream lower(65536);
  testing::RecordingHandler handler;
  EXPECT_EQ(tls::connect(lower, context, {.server_name = std::string(300, 'x')}, handler,
                         pair->client.surroundings.environment),
            nullptr);
}

TEST_P(SecureStreamPair, OnlyOpenSslNeedsBuffersToReceive) {
  open({.buffers = 64});
  pair->server.send("hello");
  drain();
  pair->exchange();
  const bool own = GetParam().records == RecordLayer::kOwn;
  EXPECT_EQ(pair->client.handler.received, own ? "hello" : "");
  EXPECT_EQ(pair->client.handler.failure == StreamError::kNoMemory, !own);
}

TEST_P(SecureStreamPair, WithBytesInFlightSendingWaitsForBuffers) {
  open({.buffers = 64});
  const std::string text[] = {std::string(300, 'a'), std::string(300, 'b')};
  pair->client.send(text[0]);
  ByteChain second(pair->client.surroundings.pool.packet(text[1]));
  drain();
  pair->client.stream->send(std::move(second));
  pair->client.handler.close();
  EXPECT_EQ(pair->client.counters().lingering.get(), 1U);
  pair->exchange();
  EXPECT_EQ(pair->server.handler.received, text[0] + text[1]);
  EXPECT_TRUE(pair->server.handler.ended);
  EXPECT_EQ(pair->client.counters().lingering.get(), 0U);
}

TEST_P(SecureStreamPair, AHandshakeCannotGoOnForEver) {
  connect();
  Failure failure;
  pair->client.handler.in_failure = [&failure, stream = pair->client.stream] {
    failure = stream->failure();
  };
  pair->client.lower.deliver_open();
  // A ServerHello without end, in fragments of one byte.
  std::size_t sent = 0;
  const std::string header("\x02\x00\x4f\x00", 4);
  while (!pair->client.handler.failure && sent < 200000) {
    const std::size_t at = sent / 6;
    const std::string record{'\x16', '\x03', '\x03', '\0', '\x01', at < 4 ? header[at] : '\0'};
    pair->client.lower.deliver(ByteChain(pair->wire_pool.packet(record)));
    sent += record.size();
  }
  EXPECT_EQ(pair->client.handler.failure, StreamError::kProtocol);
  EXPECT_LE(sent, 66 * 1024U);
  EXPECT_NE(failure, Failure{});
}

}  // namespace
}  // namespace sluice::tls
