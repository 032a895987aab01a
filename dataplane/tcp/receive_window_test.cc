// How windows are told and used: they grow with their use, and neither side is silly about them
// (RFC 9293 section 3.8.6).
#include <gtest/gtest.h>

#include <algorithm>

#include "dataplane/tcp/testing/pair_fixture.h"

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Family;
using testing::PairFixture;
using testing::sample_text;

constexpr std::uint32_t kInitial = 64 * 1024;
constexpr std::uint32_t kLargest = 192 * 1024;  // less than the simulation's buffers allow
constexpr unsigned kShift = 2;                  // what windows of kLargest need

class ReceiveWindowTest : public PairFixture {
 protected:
  /// Watches the windows that the server tells.
  void watch() {
    lose = [this](bool from_server, const Segment& segment) {
      if (!from_server || segment.has(wire::kSyn)) return false;
      window_ = std::uint32_t{segment.window} << kShift;
      const SequenceNumber edge = segment.acknowledgment + window_;
      if (windows_++ > 0) {
        EXPECT_GE(edge, edge_) << "a window that was told is taken back";
      }
      edge_ = edge;
      largest_ = std::max(largest_, window_);
      return false;
    };
  }
  void open(const StackConfig& config = {.receive_buffer = kLargest},
            Family family = Family::kIPv4) {
    start(config, family);
    watch();
    establish();
  }
  void upload(std::size_t size) {
    const std::string text = sample_text(size);
    const std::size_t before = server().received.size();
    client_.say(text, client_host().pool());
    ASSERT_TRUE(eventually([&] { return server().received.size() == before + size; }));
  }

  std::uint32_t window_ = 0;
  std::uint32_t largest_ = 0;
  int windows_ = 0;
  SequenceNumber edge_;
};

TEST_F(ReceiveWindowTest, BeginsSmallAndGrowsAsFarAsItIsUsed) {
  open({.receive_buffer = kLargest}, Family::kIPv6);
  simulation_->impairments.delay = milliseconds(20);
  upload(10'000);
  EXPECT_LE(largest_, kInitial + (1U << kShift));
  EXPECT_EQ(server_counters().receive_windows_grown.get(), 0U);
  upload(3'000'000);
  EXPECT_GT(largest_, kLargest - 3000);
  EXPECT_LE(largest_, kLargest + (1U << kShift));
  EXPECT_GE(server_counters().receive_windows_grown.get(), 1U);
}

TEST_F(ReceiveWindowTest, GrowsForAConnectionMadeFromACookie) {
  open({.syn_cookies = SynCookieUse::kAlways, .receive_buffer = kLargest});
  simulation_->impairments.delay = milliseconds(20);
  upload(3'000'000);
  EXPECT_GT(largest_, kLargest - 3000);
}

TEST_F(ReceiveWindowTest, GrowsWithoutTimestampsToo) {
  open();
  lose = [this](bool from_server, const Segment& segment) {
    if (from_server) largest_ = std::max(largest_, std::uint32_t{segment.window});
    return true;
  };
  const auto send = [this](std::uint8_t flags, std::uint32_t sequence, std::string_view payload,
                           bool begins) {
    wire::TcpOptions options;
    if (begins) options.window_scale = 0;
    simulation_->inject(client_host(), server_host(),
                        {2000, kPort, sequence, begins ? 0 : server_next_.value(), flags, 1000},
                        payload, options);
  };
  send(wire::kSyn, 0, {}, true);
  run_for(milliseconds(2));
  send(wire::kAck, 1, {}, false);
  run_for(milliseconds(2));
  ASSERT_EQ(acceptor_.accepted.size(), 2U);
  largest_ = 0;
  // 28 windows full in 100 ms.
  const std::string text(1460, 'x');
  for (std::uint32_t i = 0; i < 1300; ++i) {
    send(wire::kAck, 1 + i * 1460, text, false);
    if (i % 13 == 12) run_for(milliseconds(2));
  }
  EXPECT_EQ(server().received.size(), 1300U * 1460);
  EXPECT_GT(largest_ << kShift, kLargest - 3000);
}

TEST_F(ReceiveWindowTest, AThinStreamNeedsNoLargerWindow) {
  open();
  for (int i = 0; i < 300; ++i) {
    upload(1000);
    run_for(milliseconds(20));
  }
  EXPECT_LE(largest_, kInitial + (1U << kShift));
}

TEST_F(ReceiveWindowTest, DoesNotGrowWhileNobodyReads) {
  open();
  server().consume_at_once = false;
  client_.say(sample_text(1'000'000), client_host().pool());
  run_for(seconds(20));
  EXPECT_GE(server().received.size(), kInitial - 3000);
  EXPECT_LE(server().received.size(), kInitial + (1U << kShift) + 1);
}

// What a proxy has received is consumed when its other side acknowledges it, however long that
// takes; with a short round trip on this side nothing else tells that the window is too small.
TEST_F(ReceiveWindowTest, GrowsWhereWhatItFeedsStarves) {
  open();
  server().consume_at_once = false;
  client_.say(sample_text(1'000'000), client_host().pool());
  run_for(seconds(5));
  server().stream->widen();
  EXPECT_EQ(server_counters().receive_windows_grown.get(), 1U);
  server().stream->consume(kInitial / 4 + 3000);
  // There is room: it is not this window that more does not come through.
  server().stream->widen();
  EXPECT_EQ(server_counters().receive_windows_grown.get(), 1U);
  run_for(seconds(5));
  EXPECT_GT(server().received.size(), kLargest - 3000);
  // It is as large as it may be.
  server().stream->widen();
  EXPECT_EQ(server_counters().receive_windows_grown.get(), 1U);
}

TEST_F(ReceiveWindowTest, ASenderStarvesWithLessThanTwoRoundTripsQueued) {
  open();
  EXPECT_TRUE(client_.stream->starves());
  client_.say(sample_text(2 * initial_window(1448)), client_host().pool());
  EXPECT_FALSE(client_.stream->starves()) << "there is enough to send";
  run_for(seconds(1));
  EXPECT_TRUE(client_.stream->starves());
}

TEST_F(ReceiveWindowTest, ASenderDoesNotStarveWhilePeersTakeNoMore) {
  open();
  server().consume_at_once = false;
  client_.say(sample_text(kInitial + 10'000), client_host().pool());
  run_for(seconds(1));
  EXPECT_FALSE(client_.stream->starves());
}

TEST_F(ReceiveWindowTest, TheConfiguredLargestWindowBoundsTheFirst) {
  start({.receive_buffer = 16 * 1024});
  establish();
  server().consume_at_once = false;
  client_.say(sample_text(100'000), client_host().pool());
  run_for(seconds(5));
  EXPECT_LE(server().received.size(), 16U * 1024 + 1);
}

// Section 3.8.6.2.2.
TEST_F(ReceiveWindowTest, AFullWindowIsNotReopenedByALittle) {
  open();
  server().consume_at_once = false;
  client_.say(sample_text(200'000), client_host().pool());
  run_for(seconds(5));
  ASSERT_EQ(window_, 0U);
  lose = [this](bool from_server, const Segment& segment) {
    if (from_server) window_ = std::uint32_t{segment.window} << kShift;
    return true;
  };
  for (int i = 0; i < 1400; ++i) {
    server().stream->consume(1);
    if (i % 100 == 0) run_for(milliseconds(2));
    ASSERT_EQ(window_, 0U) << i;
  }
  server().stream->consume(3000);
  run_for(milliseconds(2));
  EXPECT_GE(window_, 1460U);
}

// Section 3.8.6.2.1.
TEST_F(ReceiveWindowTest, AWindowOpenByALittleIsNotFilledAtOnce) {
  open();
  server().say("x", server_host().pool());
  run_for(seconds(1));
  int small = 0;
  lose = [&](bool from_server, const Segment& segment) {
    if (from_server && !segment.payload.empty()) ++small;
    return true;
  };
  forge(wire::kAck, 0, 0, {}, 0);
  server().say(sample_text(50'000), server_host().pool());
  run_for(milliseconds(2));
  EXPECT_EQ(small, 0);
  forge(wire::kAck, 0, 0, {}, 64 >> kShift);
  run_for(milliseconds(100));
  EXPECT_EQ(small, 0);
  // The override timeout: better a small segment than none for ever.
  run_for(seconds(2));
  EXPECT_GE(small, 1);
}

// There is no Nagle algorithm: what a burst leaves in the queue is sent at its end, since the
// layers above gather what belongs together.
TEST_F(ReceiveWindowTest, SmallWritesDoNotWaitForEarlierOnesAcknowledgments) {
  open();
  run_for(seconds(1));
  int segments = 0;
  lose = [&](bool from_server, const Segment& segment) {
    if (!from_server && !segment.payload.empty()) ++segments;
    return false;
  };
  for (int i = 0; i < 4; ++i) {
    client_.say("tick", client_host().pool());
    run_for(milliseconds(1));
  }
  EXPECT_EQ(segments, 4);
}

}  // namespace
}  // namespace sluice::tcp
