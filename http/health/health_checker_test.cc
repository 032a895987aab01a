#include <gtest/gtest.h>

#include "http/testing/proxy_world.h"

// Checks of a proxy's servers, and what they do to requests.
namespace sluice::http {
namespace {

using namespace std::chrono_literals;
using testing::FakeStream;
using testing::ok_response;
using testing::ProxyWorld;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: www.example\r\n\r\n";

void checked(Backend& backend) {
  backend.check.kind = CheckKind::kTcp;
  backend.check.interval = 1s;
  backend.check.jitter_percent = 0;
  backend.check.timeout = 500ms;
  backend.check.rise = 2;
  backend.check.fall = 3;
}

class HealthCheckerTest : public ::testing::Test {
 protected:
  explicit HealthCheckerTest(ProxyWorld::Options options = {.servers = 1, .backend = checked})
      : world_(options) {}
  ~HealthCheckerTest() override { world_.proxy.reset(); }

  /// Waits for the next check's connection.
  FakeStream& next_check() {
    const std::size_t before = world_.network.connections();
    for (int i = 0; i < 400 && world_.network.connections() == before; ++i) {
      world_.clock.advance_by(5ms);
      world_.loop();
    }
    EXPECT_GT(world_.network.connections(), before);
    return world_.network.last_connection();
  }
  void pass_check() { next_check().open(); }
  void fail_check() { next_check().fail(StreamError::kRefused); }

  [[nodiscard]] CheckVerdict verdict(std::uint32_t id = 0) {
    return world_.fleet.server(ServerId(id)).verdict();
  }
  [[nodiscard]] const CheckReport& report() { return world_.fleet.report(ServerId(0)); }
  std::string response() {
    FakeStream& client = world_.client();
    client.deliver(kGet);
    return client.sent();
  }

  ProxyWorld world_;
  std::unique_ptr<Settings> next_;
};

TEST_F(HealthCheckerTest, AtTheStartServersAreTakenToBeUp) {
  EXPECT_EQ(verdict(), CheckVerdict::kUp);
  pass_check();
  EXPECT_EQ(verdict(), CheckVerdict::kUp);
  EXPECT_EQ(report().last().outcome, CheckOutcome::kL4Ok);
}

TEST_F(HealthCheckerTest, TheFirstBadCheckIsEnoughAtTheStart) {
  fail_check();
  EXPECT_EQ(verdict(), CheckVerdict::kDown);
  EXPECT_TRUE(response().starts_with("HTTP/1.1 503 ")) << "and it is not even tried";
  EXPECT_EQ(report().falls.get(), 1U);
}

TEST_F(HealthCheckerTest, FallsAfterSoManyBadChecksInARow) {
  pass_check();
  fail_check();
  fail_check();
  EXPECT_EQ(report().row.get(), 2U);
  pass_check();
  fail_check();
  fail_check();
  EXPECT_EQ(verdict(), CheckVerdict::kUp);
  fail_check();
  EXPECT_EQ(verdict(), CheckVerdict::kDown);
  EXPECT_EQ(report().failures.get(), 5U);
}

TEST_F(HealthCheckerTest, RisesAfterSoManyGoodChecksInARow) {
  fail_check();
  pass_check();
  fail_check();
  pass_check();
  EXPECT_EQ(verdict(), CheckVerdict::kDown);
  pass_check();
  EXPECT_EQ(verdict(), CheckVerdict::kUp);
  EXPECT_EQ(world_.fleet.server(ServerId(0)).in_rotation_since(), world_.clock.now());
}

TEST_F(HealthCheckerTest, ChecksComeOnceAnInterval) {
  pass_check();
  const Instant first = world_.clock.now();
  pass_check();
  EXPECT_NEAR(static_cast<double>((world_.clock.now() - first) / 1ms), 1000, 12);
}

TEST_F(HealthCheckerTest, ALateCheckDoesNotPutOffTheNext) {
  pass_check();
  next_check();
  const Instant first = world_.clock.now();
  next_check();
  EXPECT_NEAR(static_cast<double>((world_.clock.now() - first) / 1ms), 1000, 12)
      << "half of that went by until it was given up";
}

TEST_F(HealthCheckerTest, AGoodCheckEndsAPause) {
  pass_check();
  world_.fleet.server(ServerId(0)).pause(world_.clock.now(), 1h);
  pass_check();
  EXPECT_FALSE(world_.fleet.server(ServerId(0)).paused());
}

TEST_F(HealthCheckerTest, AServerThatAReloadBringsWaitsForItsFirstCheck) {
  pass_check();
  next_ = ProxyWorld::make_settings({.servers = 2, .backend = checked});
  world_.proxy->adopt(*next_);
  EXPECT_EQ(verdict(0), CheckVerdict::kUp) << "nothing changes for it";
  EXPECT_EQ(verdict(1), CheckVerdict::kPending);
  FakeStream& check = next_check();
  EXPECT_EQ(check.remote(), ProxyWorld::server_address(1)) << "and is checked soon";
  check.open();
  EXPECT_EQ(verdict(1), CheckVerdict::kUp) << "one good check will do";
}

TEST_F(HealthCheckerTest, ChecksThatAReloadBringsBeginWithoutABreak) {
  next_ = ProxyWorld::make_settings({});
  world_.proxy->adopt(*next_);
  EXPECT_EQ(verdict(), CheckVerdict::kNone);
  auto again = ProxyWorld::make_settings({.servers = 1, .backend = checked});
  world_.proxy->adopt(*again);
  EXPECT_EQ(verdict(), CheckVerdict::kUp);
  next_ = std::move(again);
}

TEST_F(HealthCheckerTest, MaintenanceEndsThemAndAGoodOneEndsMaintenance) {
  pass_check();
  next_ = ProxyWorld::make_settings({.servers = 1, .backend = [](Backend& backend) {
                                       checked(backend);
                                       backend.servers[0].mode = ServerMode::kMaint;
                                     }});
  world_.proxy->adopt(*next_);
  const std::size_t before = world_.network.connections();
  world_.pass(5s);
  EXPECT_EQ(world_.network.connections(), before);
  auto ready = ProxyWorld::make_settings({.servers = 1, .backend = checked});
  world_.proxy->adopt(*ready);
  EXPECT_EQ(verdict(), CheckVerdict::kPending);
  pass_check();
  EXPECT_EQ(verdict(), CheckVerdict::kUp);
  next_ = std::move(ready);
}

TEST_F(HealthCheckerTest, ADrainedServerKeepsItsVerdict) {
  pass_check();
  next_ = ProxyWorld::make_settings({.servers = 1, .backend = [](Backend& backend) {
                                       checked(backend);
                                       backend.servers[0].mode = ServerMode::kDrain;
                                     }});
  world_.proxy->adopt(*next_);
  EXPECT_EQ(verdict(), CheckVerdict::kUp);
  pass_check();
}

TEST_F(HealthCheckerTest, AnotherAddressIsCheckedAnew) {
  pass_check();
  next_ = ProxyWorld::make_settings({.servers = 1, .backend = [](Backend& backend) {
                                       checked(backend);
                                       backend.servers[0].address.port = 9090;
                                     }});
  world_.proxy->adopt(*next_);
  EXPECT_EQ(verdict(), CheckVerdict::kPending);
  EXPECT_EQ(next_check().remote().port, 9090);
}

TEST_F(HealthCheckerTest, UsesThePortOfTheChecks) {
  next_ = ProxyWorld::make_settings({.servers = 1, .backend = [](Backend& backend) {
                                       checked(backend);
                                       backend.check.port = 8081;
                                     }});
  world_.proxy->adopt(*next_);
  EXPECT_EQ(next_check().remote().port, 8081);
}

TEST_F(HealthCheckerTest, AnotherWorkersServersAreLeftToIt) {
  FleetState fleet(2);
  ProxyWorld other({.servers = 1, .backend = checked});
  Proxy second(ProxyEnvironment{other.network, other.clock, other.wheel, *other.pool,
                                other.graveyard, other.hash_key, fleet, 1});
  const auto settings = ProxyWorld::make_settings({.servers = 2, .backend = checked});
  const std::size_t before = other.network.connections();
  second.adopt(*settings);
  EXPECT_EQ(fleet.server(ServerId(0)).verdict(), CheckVerdict::kNone);
  EXPECT_EQ(fleet.server(ServerId(1)).verdict(), CheckVerdict::kUp);
  EXPECT_EQ(other.network.connections(), before);
}

}  // namespace
}  // namespace sluice::http
