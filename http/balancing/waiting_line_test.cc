#include "http/balancing/waiting_line.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::http {
namespace {

using namespace std::chrono_literals;

const BackendId kFarm(0);

class TestWaiter final : public Waiter {
 public:
  TestWaiter(std::string& story, char name) : story_(story), name_(name) {}
  void on_place() override { story_ += name_; }
  void on_wait_timeout() override { story_.append("-").append(1, name_); }

 private:
  std::string& story_;
  char name_;
};

class WaitingLineTest : public ::testing::Test {
 protected:
  /// Lets `worker` give `places` places away.
  void advance(WaitingLine& line, int places) {
    line.advance(now_, 5s, [&] { return places-- > 0; });
  }

  FleetState fleet_{2};
  WaitingLine line_{fleet_, 0, kFarm};
  WaitingLine other_{fleet_, 1, kFarm};
  std::string story_;
  TestWaiter a_{story_, 'a'};
  TestWaiter b_{story_, 'b'};
  TestWaiter c_{story_, 'c'};
  Instant now_{1s};
};

TEST_F(WaitingLineTest, FirstComeFirstServed) {
  line_.join(a_, now_);
  line_.join(b_, now_);
  line_.join(c_, now_);
  advance(line_, 2);
  EXPECT_EQ(story_, "ab");
  EXPECT_EQ(fleet_.queued(kFarm), 1U);
  line_.leave(c_);
  EXPECT_FALSE(line_.anybody());
}

TEST_F(WaitingLineTest, AnEarlierComerAtAnotherWorkerGoesFirst) {
  other_.join(a_, now_);
  now_ += 1ms;
  line_.join(b_, now_);
  advance(line_, 1);
  EXPECT_EQ(story_, "");
  advance(other_, 1);
  advance(line_, 1);
  EXPECT_EQ(story_, "ab");
}

TEST_F(WaitingLineTest, NewcomersSeeWhoWaitsElsewhere) {
  EXPECT_FALSE(line_.anybody());
  other_.join(a_, now_);
  EXPECT_TRUE(line_.anybody());
  other_.leave(a_);
}

TEST_F(WaitingLineTest, SendsAwayWhoHasWaitedTooLong) {
  line_.join(a_, now_);
  now_ += 4s;
  line_.join(b_, now_);
  now_ += 1s;
  advance(line_, 0);
  EXPECT_EQ(story_, "-a");
  line_.leave(b_);
}

TEST_F(WaitingLineTest, WhoFindsNoPlaceIsNotAskedAgainInTheSamePass) {
  class Returning final : public Waiter {
   public:
    Returning(WaitingLine& line, Instant now) : line_(line), now_(now) {}
    void on_place() override {
      ++times;
      line_.join(*this, now_);
    }
    void on_wait_timeout() override {}
    int times = 0;

   private:
    WaitingLine& line_;
    Instant now_;
  };
  Returning waiter(line_, now_);
  line_.join(waiter, now_);
  line_.advance(now_, 5s, [] { return true; });
  EXPECT_EQ(waiter.times, 1);
  line_.leave(waiter);
}

}  // namespace
}  // namespace sluice::http
