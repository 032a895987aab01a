#include "tls/handshake/handshake_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::tls {
namespace {

using namespace std::chrono_literals;

wire::IpAddress address(const char* text) {
  return *wire::IpAddress::parse(text);
}

class HandshakeQueueTest : public ::testing::Test {
 public:
  // Somebody with a place, who notes what happens.
  struct Waiter {
    Waiter(std::string own_name, std::string& own_log) : name(std::move(own_name)), log(own_log) {}
    [[nodiscard]] HandshakePlace::Owner owner() {
      return {.self = this,
              .on_turn = [](void* self) { static_cast<Waiter*>(self)->note(""); },
              .on_impatience = [](void* self) { static_cast<Waiter*>(self)->note("!"); }};
    }
    void note(const std::string& mark) const { log += name + mark + " "; }

    std::string name;
    std::string& log;
    HandshakePlace place;
  };

  Waiter& waiter(const std::string& name) {
    waiters_.push_back(std::make_unique<Waiter>(name, log));
    return *waiters_.back();
  }
  bool join(HandshakeQueue& queue, Waiter& who, const char* source = "198.18.0.1") {
    return queue.join(who.place, who.owner(), address(source), now);
  }

  HandshakeQueue& make(const HandshakeLimits& limits) { return queue_.emplace(limits); }

  std::string log;
  Instant now{};

 private:
  std::optional<HandshakeQueue> queue_;
  std::vector<std::unique_ptr<Waiter>> waiters_;
};

constexpr HandshakeLimits kOneTurn = {.budget = 1ns};

TEST_F(HandshakeQueueTest, GivesTurnsInOrderWithinItsBudget) {
  HandshakeQueue& queue = make(kOneTurn);
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(join(queue, waiter(name)));
  EXPECT_EQ(queue.run(now), 1U);
  EXPECT_EQ(log, "a ");
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_EQ(queue.run(now) + queue.run(now) + queue.run(now), 2U);
  EXPECT_EQ(log, "a b c ");
}

TEST_F(HandshakeQueueTest, GivesAsManyTurnsAsTheBudgetAllows) {
  HandshakeQueue& queue = make({.budget = 1h});
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(join(queue, waiter(name)));
  EXPECT_EQ(queue.run(now), 3U);
}

TEST_F(HandshakeQueueTest, WhatHasBegunComesFirst) {
  HandshakeQueue& queue = make(kOneTurn);
  Waiter& a = waiter("a");
  EXPECT_TRUE(join(queue, a));
  (void)queue.run(now);
  EXPECT_TRUE(join(queue, waiter("b")));
  EXPECT_TRUE(join(queue, a));
  (void)queue.run(now);
  EXPECT_EQ(log, "a a ");
}

TEST_F(HandshakeQueueTest, WhoWaitsAlreadyKeepsThePlace) {
  HandshakeQueue& queue = make(kOneTurn);
  Waiter& a = waiter("a");
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(join(queue, a));
  EXPECT_EQ(queue.size(), 1U);
}

TEST_F(HandshakeQueueTest, RefusesNewOnesWhenItIsFullAndNeverThoseThatHaveBegun) {
  HandshakeQueue& queue = make({.budget = 1ns, .waiting = 1});
  Waiter& a = waiter("a");
  EXPECT_TRUE(join(queue, a));
  EXPECT_FALSE(join(queue, waiter("b")));
  (void)queue.run(now);
  EXPECT_TRUE(join(queue, waiter("c")));
  EXPECT_TRUE(join(queue, a));
}

TEST_F(HandshakeQueueTest, RefusesWhoHasWaitedTooLong) {
  HandshakeQueue& queue = make({.budget = 1ns, .patience = 1s});
  EXPECT_TRUE(join(queue, waiter("a")));
  EXPECT_TRUE(join(queue, waiter("b")));
  now += 500ms;
  EXPECT_TRUE(join(queue, waiter("c")));
  now += 501ms;
  EXPECT_EQ(queue.run(now), 1U);
  EXPECT_EQ(log, "a! b! c ");
}

TEST_F(HandshakeQueueTest, OneSourceHasOnlyItsShare) {
  HandshakeQueue& queue = make({.budget = 1ns, .per_source = 2});
  Waiter& a = waiter("a");
  EXPECT_TRUE(join(queue, a));
  EXPECT_TRUE(join(queue, waiter("b")));
  EXPECT_FALSE(join(queue, waiter("c")));
  EXPECT_TRUE(join(queue, waiter("d"), "198.18.0.2"));
  (void)queue.run(now);
  EXPECT_FALSE(join(queue, waiter("e"))) << "a has begun, and is not done";
  a.place.leave();
  EXPECT_TRUE(join(queue, waiter("f")));
}

TEST_F(HandshakeQueueTest, AnIpv6NetworkIsOneSource) {
  HandshakeQueue& queue = make({.budget = 1ns, .per_source = 1});
  EXPECT_TRUE(join(queue, waiter("a"), "2001:db8::1"));
  EXPECT_FALSE(join(queue, waiter("b"), "2001:db8::ffff:1"));
  EXPECT_TRUE(join(queue, waiter("c"), "2001:db8:0:1::1"));
}

TEST_F(HandshakeQueueTest, WhoLeavesGetsNoTurn) {
  HandshakeQueue& queue = make(kOneTurn);
  Waiter& a = waiter("a");
  EXPECT_TRUE(join(queue, a));
  a.place.leave();
  EXPECT_EQ(queue.run(now), 0U);
  EXPECT_EQ(log, "");
}

}  // namespace
}  // namespace sluice::tls
