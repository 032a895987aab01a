#include "dataplane/capture/capture_tap.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "dataplane/testing/eal.h"
#include "dataplane/testing/frames.h"

namespace sluice::capture {
namespace {

constexpr port::PortId kPort{0};

class CaptureTapTest : public ::testing::Test {
 protected:
  void begin(std::uint32_t places = 8, std::uint32_t snap_length = 64,
             const CaptureFilter& filter = {}) {
    capture_ = std::make_shared<Capture>(filter, 2, 1, places, snap_length);
    tap_.begin(capture_);
  }

  std::vector<rte_mbuf*> burst(std::initializer_list<std::string_view> frames) {
    std::vector<rte_mbuf*> mbufs;
    for (const std::string_view frame : frames) {
      packets_.push_back(pool_.packet(frame));
      mbufs.push_back(packets_.back().get());
    }
    return mbufs;
  }

  // What the control thread finds.
  std::vector<std::string> taken() {
    std::vector<std::string> frames;
    CaptureRing& ring = *capture_->rings[1];
    for (; ring.front() != nullptr; ring.pop()) {
      const auto bytes = ring.front()->bytes;
      frames.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    return frames;
  }
  [[nodiscard]] std::uint64_t lost() const { return capture_->lost[1][0].get(); }

  using Frames = std::vector<std::string>;

  testing::TestPool pool_;
  std::vector<Packet> packets_;
  Instant now_{};
  CaptureTap tap_{1, [this] { return now_; }};
  std::shared_ptr<Capture> capture_;
};

TEST_F(CaptureTapTest, IsIdleWithoutACapture) {
  EXPECT_FALSE(tap_.active());
  begin();
  EXPECT_TRUE(tap_.active());
}

TEST_F(CaptureTapTest, CopiesWhatIsReceivedWithItsTime) {
  begin();
  now_ = Instant(std::chrono::microseconds(7));
  tap_.received(kPort, burst({"one", "two"}));
  const Record* record = capture_->rings[1]->front();
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->time, now_);
  EXPECT_EQ(record->direction, Direction::kIn);
  EXPECT_EQ(record->length, 3U);
  EXPECT_EQ(taken(), (Frames{"one", "two"}));
}

TEST_F(CaptureTapTest, CutsFramesAndTellsTheirLength) {
  begin(8, 14);
  tap_.received(kPort, burst({std::string(100, 'x')}));
  const Record* record = capture_->rings[1]->front();
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->length, 100U);
  EXPECT_EQ(taken(), Frames{std::string(14, 'x')});
}

TEST_F(CaptureTapTest, GathersAFrameThatLiesInSeveralBuffers) {
  begin(8, 20);
  testing::Frame frame;
  for (std::uint8_t i = 0; i < 40; ++i) frame.push_back(i);
  const std::size_t sizes[] = {5, 5, 30};
  packets_.push_back(testing::chain_of(*pool_, frame, sizes));
  rte_mbuf* const chain[] = {packets_.back().get()};
  tap_.received(kPort, chain);
  EXPECT_EQ(taken(), Frames{std::string(frame.begin(), frame.begin() + 20)});
}

TEST_F(CaptureTapTest, OnlyFramesThatThePortTookWereSent) {
  begin();
  tap_.sending(kPort, burst({"one", "two", "three"}));
  EXPECT_TRUE(taken().empty());
  tap_.sent(kPort, 2);
  EXPECT_EQ(taken(), (Frames{"one", "two"}));
  tap_.sending(kPort, burst({"three"}));
  tap_.sent(kPort, 1);
  EXPECT_EQ(taken(), Frames{"three"});
}

TEST_F(CaptureTapTest, AFullRingLosesAndCounts) {
  begin(2);
  tap_.received(kPort, burst({"one", "two", "three"}));
  EXPECT_EQ(lost(), 1U);
  tap_.sending(kPort, burst({"four", "five"}));
  tap_.sent(kPort, 1);
  EXPECT_EQ(lost(), 2U) << "the fifth was not sent";
  EXPECT_EQ(taken(), (Frames{"one", "two"}));
  tap_.received(kPort, burst({"six"}));
  EXPECT_EQ(taken(), Frames{"six"});
}

TEST_F(CaptureTapTest, GoesRoundItsRingAgainAndAgain) {
  begin(4);
  for (int i = 0; i < 100; ++i) {
    const std::string text = std::to_string(i);
    tap_.received(kPort, burst({text, "x", text}));
    EXPECT_EQ(taken(), (Frames{text, "x", text}));
  }
  EXPECT_EQ(lost(), 0U);
}

TEST_F(CaptureTapTest, TakesOnlyWhatTheFilterWants) {
  begin(8, 64, {.direction = Direction::kOut});
  tap_.received(kPort, burst({"in"}));
  tap_.sending(kPort, burst({"out"}));
  tap_.sent(kPort, 1);
  EXPECT_EQ(taken(), Frames{"out"});
}

TEST_F(CaptureTapTest, LetsGoOfACaptureThatWasStopped) {
  begin();
  const std::weak_ptr<Capture> watched = capture_;
  capture_->stopped = true;
  capture_.reset();
  tap_.sending(kPort, burst({"out"}));
  tap_.sent(kPort, 1);
  EXPECT_FALSE(tap_.active());
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace sluice::capture
