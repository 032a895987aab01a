#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "http/balancing/balancer.h"
#include "http/balancing/maglev_table.h"

// What share each server gets of 100,000 requests that come to two workers in turn.
namespace sluice::http {
namespace {

using namespace std::chrono_literals;

constexpr int kRequests = 100000;
constexpr std::uint32_t kWorkers = 2;

/// Two workers that share the requests; each takes its server's time. Time is that of the
/// simulation.
class Farm {
 public:
  Farm(Algorithm algorithm, const std::vector<std::uint32_t>& weights) {
    backend_.id = BackendId(0);
    backend_.balancing.algorithm = algorithm;
    for (std::uint32_t i = 0; i < weights.size(); ++i) {
      backend_.servers.push_back({.id = ServerId(i),
                                  .name = "server" + std::to_string(i),
                                  .address = {},
                                  .weight = weights[i]});
    }
    served_.resize(weights.size());
    times_.assign(weights.size(), 1ms);
    for (std::uint32_t worker = 0; worker < kWorkers; ++worker) {
      workers_.push_back(std::make_unique<Balancer>(fleet_, worker, worker + 1));
      workers_.back()->adopt(backend_);
    }
  }

  void take_time(std::size_t server, Duration time) { times_[server] = time; }
  void remove(std::size_t index) {
    backend_.servers.erase(backend_.servers.begin() + static_cast<std::ptrdiff_t>(index));
    for (auto& worker : workers_) worker->adopt(backend_);
  }
  ServerState& state(std::uint32_t server) { return fleet_.server(ServerId(server)); }
  Backend& backend() { return backend_; }
  void adopt() {
    for (auto& worker : workers_) worker->adopt(backend_);
  }

  /// One request; returns its server.
  std::uint32_t request(std::uint32_t worker, std::optional<std::uint64_t> key = {}) {
    end_due();
    const ServerChoice choice = workers_[worker]->choose({}, key, now);
    EXPECT_EQ(choice.kind, ServerChoice::Kind::kServer);
    const ServerId id = backend_.servers[choice.index].id;
    ++served_[id.index()];
    fleet_.load(worker).servers[id.index()].add();
    ends_.push({now + times_[id.index()], worker, id.value()});
    return id.value();
  }
  /// 100,000 requests, one each `gap`, alternately to either worker.
  void run(Duration gap) {
    for (int i = 0; i < kRequests; ++i) {
      request(static_cast<std::uint32_t>(i) % kWorkers);
      now += gap;
    }
  }
  [[nodiscard]] double share(std::size_t server) const {
    return static_cast<double>(served_[server]) / kRequests;
  }

  Instant now{1s};

 private:
  struct End {
    Instant when;
    std::uint32_t worker;
    std::uint32_t server;
    bool operator<(const End& other) const { return when > other.when; }
  };

  void end_due() {
    while (!ends_.empty() && ends_.top().when <= now) {
      fleet_.load(ends_.top().worker).servers[ends_.top().server].subtract();
      ends_.pop();
    }
  }

  FleetState fleet_{kWorkers};
  Backend backend_;
  std::vector<std::unique_ptr<Balancer>> workers_;
  std::vector<int> served_;
  std::vector<Duration> times_;
  std::priority_queue<End> ends_;
};

void expect_shares(const Farm& farm, const std::vector<double>& expected, double tolerance) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(farm.share(i), expected[i], tolerance * expected[i]) << "server " << i;
  }
}

TEST(Share, RoundRobinIsEvenToOneRequestForEachWorker) {
  Farm farm(Algorithm::kRoundRobin, {1, 1, 1, 1, 1, 1, 1});
  farm.run(20us);
  expect_shares(farm, std::vector<double>(7, 1.0 / 7), 0.0002);
}

TEST(Share, RoundRobinGivesWeightsTheirPart) {
  Farm farm(Algorithm::kRoundRobin, {1, 2, 5});
  farm.run(20us);
  expect_shares(farm, {0.125, 0.25, 0.625}, 0.0005);
}

TEST(Share, RoundRobinSpreadsAHeavyServersTurns) {
  Farm farm(Algorithm::kRoundRobin, {5, 1, 1});
  int longest = 0;
  int row = 0;
  for (int i = 0; i < 70; ++i) {
    row = farm.request(0) == 0 ? row + 1 : 0;
    longest = std::max(longest, row);
  }
  EXPECT_LE(longest, 3);
}

TEST(Share, RandomIsEvenWithinTwoPercent) {
  Farm farm(Algorithm::kRandom, {1, 1, 1, 1});
  farm.run(20us);
  expect_shares(farm, std::vector<double>(4, 0.25), 0.02);
}

TEST(Share, RandomGivesWeightsTheirPart) {
  Farm farm(Algorithm::kRandom, {1, 3, 4});
  farm.run(20us);
  expect_shares(farm, {0.125, 0.375, 0.5}, 0.03);
}

TEST(Share, TwoChoicesAreEvenWithinTwoPercent) {
  Farm farm(Algorithm::kTwoChoices, {1, 1, 1, 1});
  farm.run(20us);
  expect_shares(farm, std::vector<double>(4, 0.25), 0.02);
}

TEST(Share, LeastConnectionsAreEvenAmongEqualServers) {
  Farm farm(Algorithm::kLeastConnections, {1, 1, 1, 1, 1});
  farm.run(20us);
  expect_shares(farm, std::vector<double>(5, 0.2), 0.02);
}

TEST(Share, LeastConnectionsGiveWeightsTheirPartUnderLoad) {
  Farm farm(Algorithm::kLeastConnections, {1, 3});
  for (const std::size_t server : {0U, 1U}) farm.take_time(server, 10ms);
  farm.run(20us);
  expect_shares(farm, {0.25, 0.75}, 0.03);
}

// All have the same number in hand, so that what a server gets is what it answers: a tenth of what
// each of the others does.
TEST(Share, LeastConnectionsSendASlowServerWhatItAnswers) {
  Farm farm(Algorithm::kLeastConnections, {1, 1, 1, 1});
  for (const std::size_t server : {0U, 1U, 2U}) farm.take_time(server, 5ms);
  farm.take_time(3, 50ms);
  farm.run(20us);
  expect_shares(farm, {10.0 / 31, 10.0 / 31, 10.0 / 31}, 0.03);
  EXPECT_NEAR(farm.share(3), 1.0 / 31, 0.1 / 31);
}

TEST(Share, TwoChoicesRelieveASlowServer) {
  Farm farm(Algorithm::kTwoChoices, {1, 1, 1, 1});
  for (const std::size_t server : {0U, 1U, 2U}) farm.take_time(server, 5ms);
  farm.take_time(3, 50ms);
  farm.run(20us);
  EXPECT_LT(farm.share(3), 0.06);
}

TEST(Share, MaglevIsEvenWithinFourPercent) {
  Farm farm(Algorithm::kMaglev, std::vector<std::uint32_t>(20, 1));
  for (std::uint64_t i = 0; i < kRequests; ++i) farm.request(i % kWorkers, request_key(&i, 8));
  expect_shares(farm, std::vector<double>(20, 0.05), 0.05);
}

TEST(Share, MaglevGivesWeightsTheirPart) {
  Farm farm(Algorithm::kMaglev, {1, 2, 5});
  for (std::uint64_t i = 0; i < kRequests; ++i) farm.request(i % kWorkers, request_key(&i, 8));
  expect_shares(farm, {0.125, 0.25, 0.625}, 0.03);
}

std::vector<std::uint32_t> servers_of_keys(Farm& farm) {
  std::vector<std::uint32_t> servers;
  for (std::uint64_t i = 0; i < kRequests; ++i) {
    servers.push_back(farm.request(i % kWorkers, request_key(&i, 8)));
  }
  return servers;
}

// Part of the keys that go elsewhere.
double moved(const std::vector<std::uint32_t>& before, const std::vector<std::uint32_t>& after) {
  int count = 0;
  for (std::size_t i = 0; i < before.size(); ++i) count += before[i] != after[i] ? 1 : 0;
  return count / static_cast<double>(kRequests);
}

TEST(Share, MaglevMovesLittleMoreThanTheShareOfTheServerThatLeaves) {
  Farm farm(Algorithm::kMaglev, std::vector<std::uint32_t>(20, 1));
  const auto before = servers_of_keys(farm);
  farm.remove(7);
  EXPECT_LE(moved(before, servers_of_keys(farm)), 1.0 / 20 + 0.02);
}

TEST(Share, MaglevMovesOnlyTheKeysOfAServerThatIsDown) {
  Farm farm(Algorithm::kMaglev, std::vector<std::uint32_t>(20, 1));
  const auto before = servers_of_keys(farm);
  farm.state(7).set_verdict(CheckVerdict::kDown, farm.now);
  const auto after = servers_of_keys(farm);
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] != 7) ASSERT_EQ(after[i], before[i]);
  }
  farm.state(7).set_verdict(CheckVerdict::kUp, farm.now);
  EXPECT_EQ(servers_of_keys(farm), before);
}

TEST(Share, MaglevDoesNotDependOnTheOrderOfTheServers) {
  Farm farm(Algorithm::kMaglev, std::vector<std::uint32_t>(10, 1));
  const auto before = servers_of_keys(farm);
  std::swap(farm.backend().servers[2], farm.backend().servers[8]);
  farm.adopt();
  EXPECT_EQ(servers_of_keys(farm), before);
}

TEST(Share, ASlowStartGrowsFromATenthToAll) {
  for (const Algorithm algorithm :
       {Algorithm::kRoundRobin, Algorithm::kLeastConnections, Algorithm::kTwoChoices,
        Algorithm::kRandom, Algorithm::kMaglev}) {
    Farm farm(algorithm, {1, 1, 1, 1});
    for (const std::size_t server : {0U, 1U, 2U, 3U}) farm.take_time(server, 10ms);
    farm.backend().balancing.slow_start = 10s;
    farm.adopt();
    farm.state(2).returned(farm.now);
    std::array<int, 4> quarter{};
    for (std::uint64_t i = 0; i < 40000; ++i) {
      const std::uint32_t server = farm.request(i % kWorkers, request_key(&i, 8));
      if (server == 2) ++quarter[i / 10000];
      farm.now += 250us;
    }
    EXPECT_LT(quarter[0], 700) << static_cast<int>(algorithm);
    EXPECT_GT(quarter[0], 150) << static_cast<int>(algorithm);
    EXPECT_LT(quarter[0] * 2, quarter[2]) << static_cast<int>(algorithm);
    EXPECT_GT(quarter[3], 2000) << static_cast<int>(algorithm);
  }
}

}  // namespace
}  // namespace sluice::http
