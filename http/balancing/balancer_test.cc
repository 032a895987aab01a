#include "http/balancing/balancer.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace sluice::http {
namespace {

using Kind = ServerChoice::Kind;

class BalancerTest : public ::testing::Test {
 protected:
  void make(std::uint32_t servers) {
    backend_.id = BackendId(0);
    for (std::uint32_t i = 0; i < servers; ++i) {
      backend_.servers.push_back(
          {.id = ServerId(i), .name = std::string(1, static_cast<char>('a' + i)), .address = {}});
    }
    balancer_.adopt(backend_);
  }
  ServerChoice ask(const std::vector<ServerId>& tried = {}) {
    return balancer_.choose(tried, std::nullopt, now_);
  }
  std::size_t choose(const std::vector<ServerId>& tried = {}) {
    const ServerChoice choice = ask(tried);
    EXPECT_EQ(choice.kind, Kind::kServer);
    last_resort_ = choice.last_resort;
    return choice.index;
  }
  ServerState& state(std::uint32_t server) { return fleet_.server(ServerId(server)); }
  /// So many exchanges of a worker.
  void load(std::uint32_t worker, std::uint32_t server, std::uint64_t exchanges) {
    fleet_.load(worker).servers[server].set(exchanges);
    fleet_.load(worker).backends[0].in_flight.add(exchanges);
  }

  FleetState fleet_{2};
  Backend backend_;
  Balancer balancer_{fleet_, 0, 1};
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
  make(0);
  EXPECT_EQ(ask().kind, Kind::kNone);
}

TEST_F(BalancerTest, PassesOverAPausedServer) {
  make(3);
  state(1).pause(now_, pause_);
  for (const std::size_t expected : {0U, 2U, 0U, 2U}) EXPECT_EQ(choose(), expected);
}

TEST_F(BalancerTest, LetsOneTrialThroughAfterThePause) {
  make(2);
  state(1).pause(now_, pause_);
  now_ += pause_;
  EXPECT_EQ(choose(), 0U);
  EXPECT_EQ(choose(), 1U);
  state(1).claim_trial(now_, pause_);
  EXPECT_EQ(choose(), 0U);
  EXPECT_EQ(choose(), 0U) << "the trial is still on";
  state(1).end_pause(now_);
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
  state(1).pause(now_, pause_);
  EXPECT_EQ(choose({ServerId(0)}), 0U);
  EXPECT_FALSE(last_resort_);
}

TEST_F(BalancerTest, UsesAPausedServerAsALastResort) {
  make(2);
  state(0).pause(now_, pause_);
  state(1).pause(now_, pause_);
  choose();
  EXPECT_TRUE(last_resort_);
  EXPECT_EQ(choose({ServerId(0)}), 1U);
  choose({ServerId(0), ServerId(1)});
  EXPECT_TRUE(last_resort_);
}

TEST_F(BalancerTest, NeverUsesAServerThatChecksHaveFoundDown) {
  make(2);
  state(0).set_verdict(CheckVerdict::kDown, now_);
  EXPECT_EQ(choose(), 1U);
  EXPECT_EQ(choose({ServerId(1)}), 1U);
  state(1).set_verdict(CheckVerdict::kPending, now_);
  EXPECT_EQ(ask().kind, Kind::kNone);
}

TEST_F(BalancerTest, GivesNothingToServersInDrainOrMaintenanceOrWithoutWeight) {
  make(4);
  backend_.servers[0].mode = ServerMode::kDrain;
  backend_.servers[1].mode = ServerMode::kMaint;
  backend_.servers[2].weight = 0;
  balancer_.adopt(backend_);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(choose(), 3U);
  state(3).pause(now_, pause_);
  EXPECT_EQ(choose({ServerId(3)}), 3U) << "not even as a last resort";
}

TEST_F(BalancerTest, UsesBackupsOnlyWhileNoOtherServerIsFit) {
  make(3);
  backend_.servers[2].backup = true;
  balancer_.adopt(backend_);
  EXPECT_NE(choose({ServerId(0), ServerId(1)}), 2U) << "a failed attempt is no reason yet";
  state(0).pause(now_, pause_);
  EXPECT_EQ(choose(), 1U);
  state(1).set_verdict(CheckVerdict::kDown, now_);
  EXPECT_EQ(choose(), 2U);
  EXPECT_FALSE(last_resort_);
  state(1).set_verdict(CheckVerdict::kUp, now_);
  EXPECT_EQ(choose(), 1U);
}

TEST_F(BalancerTest, CountsAServersLimitOverAllWorkers) {
  make(2);
  backend_.servers[0].connection_limit = 3;
  balancer_.adopt(backend_);
  load(0, 0, 1);
  load(1, 0, 1);
  EXPECT_EQ(choose(), 0U);
  load(1, 0, 2);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(choose(), 1U);
}

TEST_F(BalancerTest, SaysFullWhenEveryFitServerIsAtItsLimit) {
  make(3);
  for (Server& server : backend_.servers) server.connection_limit = 1;
  backend_.servers[2].backup = true;
  balancer_.adopt(backend_);
  load(1, 0, 1);
  EXPECT_TRUE(balancer_.has_place(now_));
  load(1, 1, 1);
  EXPECT_EQ(ask().kind, Kind::kFull) << "the backup is not for that";
  EXPECT_FALSE(balancer_.has_place(now_));
  load(1, 1, 0);
  EXPECT_EQ(choose({ServerId(1)}), 1U) << "better than to wait";
}

TEST_F(BalancerTest, SaysFullWhenTheBackendIsAtItsLimit) {
  make(2);
  backend_.connection_limit = 2;
  balancer_.adopt(backend_);
  load(1, 0, 2);
  EXPECT_EQ(ask().kind, Kind::kFull);
  EXPECT_FALSE(balancer_.has_place(now_));
}

TEST_F(BalancerTest, StartsAtADifferentServerInEachWorker) {
  make(4);
  Balancer second(fleet_, 1, 1);
  second.adopt(backend_);
  EXPECT_EQ(second.choose({}, std::nullopt, now_).index, 1U);
}

}  // namespace
}  // namespace sluice::http
