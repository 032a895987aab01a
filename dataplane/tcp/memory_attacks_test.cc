// Peers that try to make us hold as much as they can for as long as they like: what they get is
// bounded, and others are served on.
#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "dataplane/tcp/testing/pair_fixture.h"

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::PairFixture;
using testing::Probe;
using testing::sample_text;

class MemoryAttacksTest : public PairFixture {
 protected:
  std::uint32_t buffers_held() {
    server_host().pool().refresh();
    return server_host().pool().capacity() - server_host().pool().available();
  }
  /// Takes buffers from the server until so many are free.
  void leave_free(std::uint32_t buffers) {
    PacketPool& pool = server_host().pool();
    for (pool.refresh(); pool.available() > buffers; pool.refresh()) {
      taken_.push_back(pool.allocate());
    }
  }
  /// Opens connections whose clients take what they get and never read it.
  void open_hoarders(int count) {
    for (int i = 0; i < count; ++i) {
      Probe& hoarder = *hoarders_.emplace_back(std::make_unique<Probe>());
      hoarder.consume_at_once = false;
      establish(hoarder);
      server().say(sample_text(400'000), server_host().pool());
      run_for(milliseconds(200));
    }
  }

  std::vector<Packet> taken_;
  std::vector<std::unique_ptr<Probe>> hoarders_;
};

TEST_F(MemoryAttacksTest, BytesBetweenHolesAreChargedAsWholeBuffers) {
  start({.receive_buffer = 64 * 1024});
  establish();
  client_.say("x", client_host().pool());
  run_for(seconds(1));
  for (int i = 0; i < 1000; ++i) forge(wire::kAck, 10 + 2 * i, 0, "y");
  EXPECT_LE(buffers_held(), 64U * 1024 / 1448);
  EXPECT_GE(buffers_held(), 40U);
  EXPECT_GE(server_counters().out_of_order_dropped.get(), 950U);
}

TEST_F(MemoryAttacksTest, HolesThatNobodyFillsAreGivenUpWhenBuffersAreShort) {
  start();
  establish();
  client_.say("x", client_host().pool());
  run_for(seconds(1));
  for (int i = 0; i < 150; ++i) forge(wire::kAck, 10 + 2 * i, 0, "y");
  EXPECT_GE(buffers_held(), 150U);
  run_for(minutes(1));
  EXPECT_GE(buffers_held(), 150U) << "while there are plenty they may stay";
  leave_free(server_host().pool().capacity() / 3);
  const std::uint32_t before = buffers_held();
  run_for(seconds(2));
  EXPECT_EQ(buffers_held(), before - 150);
  EXPECT_FALSE(server().failure) << "the connection itself goes on";
}

/// Keeps what it receives, as a proxy does while a message is not complete.
class Keeper final : public StreamHandler {
 public:
  void on_data(ByteChain data) override { kept.append(std::move(data)); }
  void on_end() override {}
  void on_acknowledged(std::size_t /*bytes*/) override {}
  void on_failure(StreamError /*error*/) override { kept.clear(); }
  ByteChain kept;
};

TEST_F(MemoryAttacksTest, SegmentsOfOneByteShareBuffers) {
  start();
  establish();
  Keeper keeper;
  server().stream->set_handler(keeper);
  client_.say("x", client_host().pool());
  run_for(seconds(1));
  const SequenceNumber begin = client_next_;
  for (std::uint32_t i = 0; i < 4000; ++i) {
    forge(wire::kAck, static_cast<std::int32_t>(begin + i - client_next_), 0, "y");
  }
  EXPECT_EQ(keeper.kept.size(), 4001U);
  EXPECT_LE(buffers_held(), keeper.kept.size() / 1024 + 2);
  keeper.kept.clear();
}

TEST_F(MemoryAttacksTest, AWindowThatStaysClosedEndsTheConnectionInTime) {
  start();
  open_hoarders(1);
  EXPECT_GT(buffers_held(), 50U);
  run_for(minutes(4));
  EXPECT_FALSE(server().failure);
  EXPECT_TRUE(eventually([this] { return server().failure.has_value(); }, minutes(3)));
  EXPECT_EQ(server().failure, StreamError::kTimedOut);
  EXPECT_EQ(server_counters().connections_stalled.get(), 1U);
  EXPECT_EQ(buffers_held(), 0U);
  run_for(milliseconds(10));
  EXPECT_EQ(hoarders_[0]->failure, StreamError::kReset);
}

TEST_F(MemoryAttacksTest, AWindowThatOpensNowAndThenIsNotClosed) {
  start();
  open_hoarders(1);
  for (int i = 0; i < 4; ++i) {
    run_for(minutes(3));
    hoarders_[0]->stream->consume(30'000);
  }
  EXPECT_FALSE(server().failure);
}

TEST_F(MemoryAttacksTest, ClosedWindowsGoFirstWhenBuffersAreShort) {
  start();
  open_hoarders(4);
  ASSERT_EQ(server_host().stack().connections(), 4U);
  establish();
  // So few that what the four give up is not enough.
  leave_free(server_host().pool().capacity() / 7);
  run_for(seconds(10));
  EXPECT_EQ(server_counters().stalled_dropped_for_memory.get(), 4U);
  EXPECT_EQ(server_host().stack().connections(), 1U);
  EXPECT_EQ(acceptor_.accepted.front()->failure, StreamError::kNoMemory);
  client_.say("served on", client_host().pool());
  EXPECT_TRUE(eventually([this] { return server().received == "served on"; }));
}

TEST_F(MemoryAttacksTest, AWindowOfAFewBytesIsAsGoodAsClosed) {
  start();
  establish();
  server().say(sample_text(1000), server_host().pool());
  run_for(seconds(1));
  lose = [](bool from_server, const Segment&) { return from_server; };
  const std::uint16_t port = client_.stream->local().port;
  server().say(sample_text(100'000), server_host().pool());
  // Takes some bytes again and again, and never lets go.
  for (int i = 0; i < 700 && !server().failure; ++i) {
    wire::TcpOptions options;
    options.timestamps = {{client_timestamp_, last_timestamp_}};
    simulation_->inject(client_host(), server_host(),
                        {port, kPort, client_next_.value(), server_next_.value(), wire::kAck,
                         /*window=*/1},
                        {}, options);
    run_for(milliseconds(500));
  }
  EXPECT_EQ(server().failure, StreamError::kTimedOut);
  EXPECT_EQ(server_counters().connections_stalled.get(), 1U);
  EXPECT_EQ(buffers_held(), 0U);
}

TEST_F(MemoryAttacksTest, AFloodOfAcksHoldsNothingAndIsHardlyAnswered) {
  start();
  establish();
  client_.say("x", client_host().pool());
  run_for(seconds(1));
  const int before = from_server_;
  for (int i = 0; i < 2000; ++i) forge(wire::kAck, i % 3, i % 5 - 2);
  EXPECT_LE(from_server_ - before, 10);
  EXPECT_EQ(buffers_held(), 0U);
  EXPECT_FALSE(server().failure);
}

}  // namespace
}  // namespace sluice::tcp
