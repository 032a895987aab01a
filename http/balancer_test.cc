#include "http/balancer.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::http {
namespace {

class BalancerTest : public ::testing::Test, public ServerView {
 protected:
  void make(std::size_t servers) {
    for (std::uint32_t i = 0; i < servers; ++i) {
      backend_.servers.push_back({ServerId(i), "", {}});
    }
    health_.resize(servers);
  }
  [[nodiscard]] const ServerHealth& health(ServerId server) const override {
    return health_[server.index()];
  }
  std::size_t choose(const std::vector<ServerId>& tried = {}) {
    const auto choice = balancer_.choose(backend_, *this, tried, now_);
    EXPECT_TRUE(choice);
    last_resort_ = choice->last_resort;
    return choice->index;
  }

  Backend backend_;
  std::vector<ServerHealth> health_;
  RoundRobin balancer_;
  Instant now_{};
  bool last_resort_ = false;
  const Duration pause_ = std::chrono::seconds(2);
};

TEST_F(BalancerTest, TakesEachServerInTurn) {
  make(3);
  for (const std::size_t expected : {0U, 1U, 2U, 0U, 1U, 2U}) EXPECT_EQ(choose(), expected);
  EXPECT_FALSE(last_resort_);
}

TEST_F(BalancerTest, ChoosesNothingWithoutServers) {
  EXPECT_FALSE(balancer_.choose(backend_, *this, {}, now_));
}

TEST_F(BalancerTest, PassesOverAPausedServer) {
  make(3);
  health_[1].failed(now_, pause_);
  for (const std::size_t expected : {0U, 2U, 0U, 2U}) EXPECT_EQ(choose(), expected);
}

TEST_F(BalancerTest, LetsOneTrialThroughAfterThePause) {
  make(2);
  health_[1].failed(now_, pause_);
  now_ += pause_;
  EXPECT_EQ(choose(), 0U);
  EXPECT_EQ(choose(), 1U);
  health_[1].chosen(now_, pause_);
  EXPECT_EQ(choose(), 0U);
  EXPECT_EQ(choose(), 0U) << "the trial is still on";
  health_[1].succeeded();
  EXPECT_EQ(choose(), 1U);
}

TEST_F(BalancerTest, AvoidsServersThatWereTried) {
  make(3);
  EXPECT_EQ(choose({ServerId(0)}), 1U);
  EXPECT_EQ(choose({ServerId(2), ServerId(0)}), 1U);
  EXPECT_NE(choose({ServerId(0), ServerId(1)}), 1U);
}

TEST_F(BalancerTest, TriesTheSameAgainWhenItIsTheOnlyUsableOne) {
  make(2);
  health_[1].failed(now_, pause_);
  EXPECT_EQ(choose({ServerId(0)}), 0U);
  EXPECT_FALSE(last_resort_);
}

TEST_F(BalancerTest, UsesAPausedServerAsALastResort) {
  make(2);
  health_[0].failed(now_, pause_);
  health_[1].failed(now_, pause_);
  choose();
  EXPECT_TRUE(last_resort_);
  EXPECT_EQ(choose({ServerId(0)}), 1U);
  choose({ServerId(0), ServerId(1)});
  EXPECT_TRUE(last_resort_);
}

TEST_F(BalancerTest, StartsAtADifferentServerInEachWorker) {
  make(4);
  RoundRobin second(1);
  EXPECT_EQ(second.choose(backend_, *this, {}, now_)->index, 1U);
}

}  // namespace
}  // namespace sluice::http
