#include "dataplane/ip/neighbour_table.h"

#include <gtest/gtest.h>

#include <random>

#include "dataplane/ip/network_fixture.h"

namespace sluice::ip::test {
namespace {

// Remembers what the table asked of it.
class RecordingClient final : public NeighbourClient {
 public:
  explicit RecordingClient(const Clock& clock) : clock_(clock) {}

  std::vector<Instant> solicited;
  int failed_packets = 0;

 private:
  void solicit(const Neighbour& /*neighbour*/) override { solicited.push_back(clock_.now()); }
  void unresolved(Packet /*packet*/) override { ++failed_packets; }

  const Clock& clock_;
};

// A small table on its own, between a recording link and a recording client.
class NeighbourTableTest : public ::testing::Test {
 public:
  static constexpr std::uint32_t kCapacity = 64;

  NeighbourTableTest() {
    const auto configs = two_interfaces();
    interfaces.emplace_back(kWanInterface, configs[0]);
    interfaces.emplace_back(kFarmInterface, configs[1]);
    make(kCapacity);
  }

  void make(std::uint32_t capacity) {
    table = std::make_unique<NeighbourTable>(
        Resources{clock, wheel, *pool, link, counters, HashKey{3, 4}}, interfaces, client,
        capacity);
  }

  static wire::IpAddress host(std::size_t number) {
    return wire::IpAddress::v4(198, 18, static_cast<std::uint8_t>(number >> 8),
                               static_cast<std::uint8_t>(number));
  }
  static NeighbourReport report(const wire::IpAddress& address,
                                const wire::MacAddress& mac = kPeerMac) {
    return {kWanInterface, kWan, address, mac};
  }
  Neighbour& resolve(const wire::IpAddress& address) {
    return table->resolve(kWanInterface, address);
  }
  void send(Neighbour& neighbour, std::string_view bytes = "packet") {
    table->send(neighbour, pool.packet(bytes));
  }
  /// A neighbour that is kReachable.
  Neighbour& reachable(const wire::IpAddress& address) {
    Neighbour& neighbour = resolve(address);
    table->confirm(report(address), true, true);
    return neighbour;
  }
  void advance(Duration time) {
    const Instant end = clock.now() + time;
    while (clock.now() < end) {
      clock.advance_by(std::min<Duration>(milliseconds(10), end - clock.now()));
      wheel.advance(10000);
    }
  }

  static constexpr InterfaceId kWanInterface{0};
  static constexpr InterfaceId kFarmInterface{1};

  sluice::testing::TestPool pool{4096};
  Clock clock;
  TimerWheel wheel{clock};
  RecordingLink link;
  Counters counters;
  std::vector<Interface> interfaces;
  RecordingClient client{clock};
  std::unique_ptr<NeighbourTable> table;
};

TEST_F(NeighbourTableTest, AsksThreeTimesWithBackOffAndGivesUp) {
  Neighbour& neighbour = resolve(kPeer4);
  send(neighbour);
  send(neighbour);
  advance(milliseconds(2050));
  EXPECT_EQ(neighbour.state(), NeighbourState::kIncomplete);
  EXPECT_EQ(client.failed_packets, 0);
  advance(milliseconds(100));
  EXPECT_EQ(neighbour.state(), NeighbourState::kFailed);
  EXPECT_EQ(client.failed_packets, 2);
  ASSERT_EQ(client.solicited.size(), 3U);
  EXPECT_GE(client.solicited[1] - client.solicited[0], milliseconds(300));
  EXPECT_GE(client.solicited[2] - client.solicited[1], milliseconds(600));
  EXPECT_EQ(counters.resolutions_failed.get(), 1U);
}

TEST_F(NeighbourTableTest, RefusesPacketsUntilTheHoldOffEnds) {
  Neighbour& neighbour = resolve(kPeer4);
  const NextHop note = NeighbourTable::note(neighbour);
  advance(milliseconds(2200));
  send(neighbour);
  send(neighbour);
  EXPECT_EQ(client.failed_packets, 2);
  EXPECT_EQ(client.solicited.size(), 3U);
  EXPECT_EQ(table->noted(note), &neighbour);
  advance(NeighbourTable::kHoldOff);
  EXPECT_EQ(table->noted(note), nullptr);
  resolve(kPeer4);
  EXPECT_EQ(client.solicited.size(), 4U);
}

TEST_F(NeighbourTableTest, ANeighbourThatSpeaksAgainEndsTheHoldOff) {
  Neighbour& neighbour = resolve(kPeer4);
  advance(milliseconds(2200));
  table->learn(report(kPeer4), true);
  send(neighbour);
  EXPECT_EQ(link.take().size(), 1U);
  EXPECT_EQ(client.failed_packets, 0);
}

TEST_F(NeighbourTableTest, KeepsTheNewestPendingPacketsInOrder) {
  Neighbour& neighbour = resolve(kPeer4);
  constexpr int kTooMany = 4;
  for (int i = 0; i < NeighbourTable::kPendingPerNeighbour + kTooMany; ++i) {
    send(neighbour, std::string(1, static_cast<char>(i)));
  }
  EXPECT_EQ(counters.pending_dropped.get(), std::uint64_t{kTooMany});
  table->confirm(report(kPeer4), true, true);
  const auto sent = link.take();
  ASSERT_EQ(sent.size(), NeighbourTable::kPendingPerNeighbour);
  for (std::size_t i = 0; i < sent.size(); ++i) EXPECT_EQ(sent[i].bytes.back(), kTooMany + i);
}

TEST_F(NeighbourTableTest, BoundsPendingPacketsOverAllNeighbours) {
  make(1024);
  constexpr unsigned kNeighbours = 200;
  for (unsigned i = 0; i < kNeighbours; ++i) {
    Neighbour& neighbour = resolve(host(i));
    for (unsigned j = 0; j < NeighbourTable::kPendingPerNeighbour; ++j) send(neighbour);
  }
  EXPECT_EQ(counters.pending_dropped.get(),
            kNeighbours * NeighbourTable::kPendingPerNeighbour - NeighbourTable::kPendingInAll);
}

TEST_F(NeighbourTableTest, AConfirmedAddressGrowsStaleAndIsProbedOnUse) {
  Neighbour& neighbour = reachable(kPeer4);
  client.solicited.clear();
  advance(NeighbourTable::kReachableTime * 16 / 10);
  EXPECT_EQ(neighbour.state(), NeighbourState::kStale);
  EXPECT_TRUE(client.solicited.empty());
  send(neighbour);
  EXPECT_EQ(neighbour.state(), NeighbourState::kProbe);
  EXPECT_EQ(client.solicited.size(), 1U);
  EXPECT_EQ(link.take().size(), 1U) << "sent while it is probed";
  table->confirm(report(kPeer4), true, false);
  EXPECT_EQ(neighbour.state(), NeighbourState::kReachable);
}

TEST_F(NeighbourTableTest, ANeighbourThatAnswersNoProbeIsForgotten) {
  Neighbour& neighbour = reachable(kPeer4);
  advance(NeighbourTable::kReachableTime * 16 / 10);
  const NextHop note = NeighbourTable::note(neighbour);
  client.solicited.clear();
  send(neighbour);
  advance(seconds(3) + milliseconds(100));
  EXPECT_EQ(client.solicited.size(), 3U);
  EXPECT_EQ(table->noted(note), nullptr);
  EXPECT_EQ(table->find(kWanInterface, kPeer4), nullptr);
}

TEST_F(NeighbourTableTest, ReachableTimesDiffer) {
  reachable(host(1));
  reachable(host(2));
  reachable(host(3));
  advance(NeighbourTable::kReachableTime / 2 - milliseconds(10));
  for (unsigned i = 1; i < 4; ++i) {
    EXPECT_EQ(table->find(kWanInterface, host(i))->state(), NeighbourState::kReachable);
  }
  advance(NeighbourTable::kReachableTime + milliseconds(100));
  for (unsigned i = 1; i < 4; ++i) {
    EXPECT_EQ(table->find(kWanInterface, host(i))->state(), NeighbourState::kStale);
  }
}

TEST_F(NeighbourTableTest, AnUnusedAddressIsForgottenInTheEnd) {
  table->learn(report(kPeer4), true);
  advance(NeighbourTable::kStaleTime - seconds(1));
  EXPECT_NE(table->find(kWanInterface, kPeer4), nullptr);
  advance(seconds(2));
  EXPECT_EQ(table->find(kWanInterface, kPeer4), nullptr);
  EXPECT_EQ(counters.neighbours.get(), 0U);
}

TEST_F(NeighbourTableTest, FollowsRfc4861ForAdvertisements) {
  using enum NeighbourState;
  struct Case {
    bool solicited;
    bool override_cache;
    bool same_address;
    NeighbourState after;
    wire::MacAddress mac;
  };
  // What becomes of a kReachable entry (section 7.2.5, appendix C).
  const std::vector<Case> cases{
      {true, true, true, kReachable, kPeerMac},   {true, true, false, kReachable, kOtherMac},
      {true, false, true, kReachable, kPeerMac},  {true, false, false, kStale, kPeerMac},
      {false, true, true, kReachable, kPeerMac},  {false, true, false, kStale, kOtherMac},
      {false, false, true, kReachable, kPeerMac}, {false, false, false, kStale, kPeerMac}};
  for (const Case& c : cases) {
    Neighbour& neighbour = reachable(kPeer4);
    table->confirm(report(kPeer4, c.same_address ? kPeerMac : kOtherMac), c.solicited,
                   c.override_cache);
    EXPECT_EQ(neighbour.state(), c.after);
    EXPECT_EQ(neighbour.mac(), c.mac);
    table->forget(kWan);
  }
}

TEST_F(NeighbourTableTest, AnUnsolicitedAdvertisementResolvesToStale) {
  Neighbour& neighbour = resolve(kPeer4);
  table->confirm(report(kPeer4), false, false);
  EXPECT_EQ(neighbour.state(), NeighbourState::kStale);
  table->confirm_without_address(kWanInterface, kPeer4, true);
  EXPECT_EQ(neighbour.state(), NeighbourState::kReachable);
}

TEST_F(NeighbourTableTest, AnAdvertisementWithoutAddressResolvesNothing) {
  Neighbour& neighbour = resolve(kPeer4);
  table->confirm_without_address(kWanInterface, kPeer4, true);
  EXPECT_EQ(neighbour.state(), NeighbourState::kIncomplete);
}

TEST_F(NeighbourTableTest, TheSameAddressOnTwoInterfacesIsTwoNeighbours) {
  Neighbour& wan = resolve(kPeer4);
  Neighbour& farm = table->resolve(kFarmInterface, kPeer4);
  EXPECT_NE(&wan, &farm);
  table->learn({kFarmInterface, kFarm1, kPeer4, kOtherMac}, false);
  EXPECT_EQ(wan.state(), NeighbourState::kIncomplete);
  EXPECT_EQ(farm.state(), NeighbourState::kStale);
}

TEST_F(NeighbourTableTest, ANoteEndsWithItsNeighbour) {
  EXPECT_EQ(table->noted(NextHop{}), nullptr);
  EXPECT_EQ(table->noted(NextHop{kCapacity, 1}), nullptr);
  Neighbour& neighbour = reachable(kPeer4);
  const NextHop note = NeighbourTable::note(neighbour);
  EXPECT_EQ(table->noted(note), &neighbour);
  table->forget(kWan);
  EXPECT_EQ(table->noted(note), nullptr);
  reachable(kPeer4);
  EXPECT_EQ(table->noted(note), nullptr) << "a new neighbour is another one";
}

TEST_F(NeighbourTableTest, APortThatGoesDownTakesItsNeighboursAlong) {
  reachable(kPeer4);
  EXPECT_EQ(table->resolve(kFarmInterface, kGuest).state(), NeighbourState::kIncomplete);
  table->confirm({kFarmInterface, kFarm1, kGuest, kOtherMac}, true, true);
  table->forget(kFarm1);
  EXPECT_NE(table->find(kWanInterface, kPeer4), nullptr);
  EXPECT_EQ(table->find(kFarmInterface, kGuest), nullptr);
}

TEST_F(NeighbourTableTest, AScannerDoesNotDisplaceNeighboursInUse) {
  std::vector<wire::IpAddress> in_use;
  for (unsigned i = 0; i < 8; ++i) in_use.push_back(host(i));
  for (const auto& address : in_use) reachable(address);
  for (unsigned i = 0; i < 20000; ++i) {
    const wire::IpAddress address = host(1000 + i);
    if (i % 2 == 0) {
      send(resolve(address));
    } else {
      table->learn(report(address, kOtherMac), true);
    }
  }
  EXPECT_EQ(counters.neighbours.get(), kCapacity);
  for (const auto& address : in_use) {
    const Neighbour* neighbour = table->find(kWanInterface, address);
    ASSERT_NE(neighbour, nullptr);
    EXPECT_EQ(neighbour->state(), NeighbourState::kReachable);
  }
}

TEST_F(NeighbourTableTest, LimitsHowOftenItAsksForTheUnknown) {
  for (unsigned i = 0; i < 5000; ++i) resolve(host(i));
  EXPECT_EQ(client.solicited.size(), NeighbourTable::kSolicitationBurst);
  EXPECT_EQ(counters.solicitations_limited.get(), 5000U - NeighbourTable::kSolicitationBurst);
}

TEST_F(NeighbourTableTest, RandomEventsKeepTheTableWhole) {
  std::mt19937 random(9);
  for (int round = 0; round < 100000; ++round) {
    const wire::IpAddress address = host(random() % 200);
    switch (random() % 8) {
      case 0:
      case 1:
        send(resolve(address));
        break;
      case 2:
        table->learn(report(address), random() % 2 == 0);
        break;
      case 3:
        table->confirm(report(address, random() % 2 == 0 ? kPeerMac : kOtherMac), random() % 2 == 0,
                       random() % 2 == 0);
        break;
      case 4:
        if (Neighbour* known = table->find(kWanInterface, address)) send(*known);
        break;
      case 5:
        if (random() % 500 == 0) table->forget(kWan);
        break;
      default:
        clock.advance_by(milliseconds(random() % 100));
        wheel.advance(100);
        break;
    }
    ASSERT_LE(counters.neighbours.get(), kCapacity);
    link.sent.clear();
  }
}

}  // namespace
}  // namespace sluice::ip::test
