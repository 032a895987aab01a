// Connections to servers by TLS once they are trusted: used again, resumed, replaced, ended.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "http/testing/proxy_world.h"
#include "http/testing/secure_server.h"
#include "tls/client/client_context.h"
#include "tls/testing/test_client.h"

namespace sluice::http {
namespace {

using std::chrono::seconds;
using testing::FakeStream;
using testing::ok_response;
using testing::ProxyWorld;
using testing::SecureServer;
using tls::testing::TestIdentity;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: www.example\r\n\r\n";

std::shared_ptr<const tls::ClientContext> make_context(int version) {
  const tls::testing::TemporaryDirectory files;
  auto settings = tls::testing::trusting_client(version);
  settings.verification = tls::Verification::kAuthority;
  settings.authorities = files.write("ca.pem", TestIdentity::get().authority());
  return std::make_shared<const tls::ClientContext>(settings);
}

ProxyWorld::Options options_with(const std::shared_ptr<const tls::ClientContext>& context,
                                 const std::string& name = "server.test") {
  return {.backend = [context, name](Backend& backend) {
    backend.tls_contexts = {context};
    for (Server& server : backend.servers) server.tls_name = name;
  }};
}

const tls::ServerIdentity& identity() {
  return TestIdentity::get().identity();
}

// Both versions, whose sessions come and are used differently.
class PooledTls : public ::testing::TestWithParam<int> {
 public:
  PooledTls() : world(options_with(make_context(GetParam()))) {}

  // A request of a client of its own, answered over a new connection.
  std::unique_ptr<SecureServer> ask() {
    FakeStream& client = world.client();
    client.deliver(kGet);
    auto server =
        std::make_unique<SecureServer>(world, world.network.connections() - 1, identity());
    server->open();
    EXPECT_EQ(server->take().substr(0, 5), "GET /");
    server->send(ok_response("fine"));
    EXPECT_TRUE(client.sent().ends_with("fine"));
    return server;
  }
  [[nodiscard]] std::uint64_t resumed() const {
    return world.proxy->upstream_tls_counters().handshakes_resumed.get();
  }

  ProxyWorld world;
};

INSTANTIATE_TEST_SUITE_P(Versions, PooledTls, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& instance) {
                           return instance.param == TLS1_2_VERSION ? "Tls12" : "Tls13";
                         });

TEST_P(PooledTls, IsUsedAgain) {
  const auto server = ask();
  EXPECT_EQ(world.proxy->idle_upstreams(), 1U);
  FakeStream& next = world.client();
  next.deliver(kGet);
  server->carry();
  EXPECT_EQ(server->take().substr(0, 5), "GET /");
  server->send(ok_response("again"));
  EXPECT_TRUE(next.sent().ends_with("again"));
  EXPECT_EQ(world.network.connections(), 1U);
  EXPECT_EQ(world.server_counters().handshakes.get(), 1U);
}

TEST_P(PooledTls, IsClosedWithCloseNotifyWhenItIsOld) {
  const auto server = ask();
  world.pass(seconds(31));
  server->carry();
  EXPECT_TRUE(server->ended());
  EXPECT_TRUE(world.server(0).closed());
  EXPECT_EQ(world.proxy->idle_upstreams(), 0U);
}

TEST_P(PooledTls, MayBeEndedByTheServerInEitherWay) {
  for (const bool well : {true, false}) {
    const auto server = ask();
    well ? server->close() : server->cut();
    EXPECT_EQ(world.proxy->idle_upstreams(), 0U);
    EXPECT_TRUE(server->near().gone());
  }
}

TEST_P(PooledTls, IsResumedByTheNextConnections) {
  for (std::uint64_t round = 0; round < 4; ++round) {
    const auto server = ask();
    EXPECT_EQ(resumed(), round);
    EXPECT_EQ(world.server_counters().handshakes_resumed.get(), round);
    server->close();
  }
}

// One of TLS 1.3 is for one connection (RFC 8446 appendix C.4), one of TLS 1.2 for as many as like.
TEST_P(PooledTls, SharesASessionOnlyWhereThatIsMeantToBe) {
  ask()->close();
  std::vector<std::unique_ptr<SecureServer>> servers;
  for (int i = 0; i < 3; ++i) {
    world.client().deliver(kGet);
    servers.push_back(
        std::make_unique<SecureServer>(world, world.network.connections() - 1, identity()));
  }
  for (const auto& server : servers) server->open();
  EXPECT_EQ(resumed(), GetParam() == TLS1_2_VERSION ? 3U : 1U);
}

TEST_P(PooledTls, IsNotResumedOnceAHandshakeHasFailed) {
  ask()->close();
  world.client().deliver(kGet);
  world.network.last_connection().open();
  world.network.last_connection().fail(StreamError::kReset);
  SecureServer retried(world, world.network.connections() - 1, identity());
  retried.open();
  EXPECT_TRUE(retried.opened());
  EXPECT_EQ(resumed(), 0U);
}

TEST_P(PooledTls, SurvivesAReloadThatChangesNothingOfIt) {
  const auto context = make_context(GetParam());
  ProxyWorld other(options_with(context));
  FakeStream& client = other.client();
  client.deliver(kGet);
  SecureServer server(other, 0, identity());
  server.open();
  server.send(ok_response("fine"));
  const auto same = ProxyWorld::make_settings(options_with(context));
  other.proxy->adopt(*same);
  EXPECT_EQ(other.proxy->idle_upstreams(), 1U);
  client.deliver(kGet);
  EXPECT_EQ(other.network.connections(), 1U);
}

// A connection that was verified otherwise, or for another name, is not used again.
TEST_P(PooledTls, EndsWithAReloadThatChangesIt) {
  const auto context = make_context(GetParam());
  const ProxyWorld::Options changes[] = {
      options_with(make_context(GetParam())), options_with(context, "198.18.2.1"), {}};
  for (const ProxyWorld::Options& change : changes) {
    const auto changed = ProxyWorld::make_settings(change);
    ProxyWorld other(options_with(context));
    other.client().deliver(kGet);
    SecureServer idle(other, 0, identity());
    idle.open();
    idle.send(ok_response("fine"));
    FakeStream& client = other.client();
    client.deliver(kGet);
    idle.carry();
    other.client().deliver(kGet);
    SecureServer busy(other, 1, identity());
    busy.open();
    idle.send(ok_response("fine"));
    EXPECT_EQ(other.proxy->idle_upstreams(), 1U);
    other.proxy->adopt(*changed);
    EXPECT_EQ(other.proxy->idle_upstreams(), 0U);
    busy.send(ok_response("fine"));
    EXPECT_EQ(other.proxy->idle_upstreams(), 0U) << "it was in use meanwhile";
    EXPECT_TRUE(busy.ended());
    client.deliver(kGet);
    ASSERT_EQ(other.network.connections(), 3U);
    const auto before = other.proxy->upstream_tls_counters().handshakes_resumed.get();
    if (changed->backends[0]->tls_contexts.empty()) {
      EXPECT_TRUE(other.open_server(2).starts_with("GET / ")) << "plain HTTP now";
    } else {
      SecureServer next(other, 2, identity());
      next.open();
      EXPECT_EQ(other.proxy->upstream_tls_counters().handshakes_resumed.get(), before);
    }
  }
}

// Without close_notify anybody could have cut it.
TEST_P(PooledTls, TellsTheEndOfAResponseFromItsBeingCut) {
  for (const bool cut : {true, false}) {
    FakeStream& client = world.client();
    client.deliver(kGet);
    SecureServer server(world, world.network.connections() - 1, identity());
    server.open();
    server.send("HTTP/1.1 200 OK\r\n\r\nas much as there is");
    cut ? server.cut() : server.close();
    if (cut) {
      EXPECT_TRUE(client.aborted());
    } else {
      EXPECT_FALSE(client.aborted());
      EXPECT_NE(client.sent().find("as much as there is"), std::string::npos);
    }
    EXPECT_EQ(world.server_counters().server_aborts.get(), 1U);
  }
}

TEST_P(PooledTls, NeedsNoCloseNotifyBehindAResponseOfKnownLength) {
  FakeStream& client = world.client();
  client.deliver(kGet);
  SecureServer server(world, 0, identity());
  server.open();
  server.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfine");
  server.cut();
  EXPECT_TRUE(client.sent().ends_with("fine"));
  EXPECT_FALSE(client.aborted());
  EXPECT_EQ(world.server_counters().server_aborts.get(), 0U);
}

// A pooled connection that proves dead is no failure, as with plain ones.
TEST_P(PooledTls, ThatWasCutUnderARequestIsReplaced) {
  const auto server = ask();
  FakeStream& client = world.client();
  client.deliver(kGet);
  server->cut();
  ASSERT_EQ(world.network.connections(), 2U);
  SecureServer next(world, 1, identity());
  next.open();
  EXPECT_EQ(resumed(), 1U);
  next.send(ok_response("fine"));
  EXPECT_TRUE(client.sent().ends_with("fine"));
}

TEST_P(PooledTls, CarriesLargeBodiesBothWays) {
  FakeStream& client = world.client();
  const std::string body(300000, 'b');
  client.deliver("POST / HTTP/1.1\r\nHost: www.example\r\nContent-Length: 300000\r\n\r\n");
  SecureServer server(world, 0, identity());
  server.open();
  for (std::size_t at = 0; at < body.size(); at += 10000) {
    client.deliver(body.substr(at, 10000));
    server.carry();
  }
  EXPECT_TRUE(server.take().ends_with(body));
  EXPECT_EQ(client.held(), 0U);
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n");
  for (std::size_t at = 0; at < body.size(); at += 10000) {
    server.send(body.substr(at, 10000));
    client.acknowledge_all();
  }
  EXPECT_TRUE(client.sent().ends_with(body));
  EXPECT_EQ(world.server(0).held(), 0U);
  EXPECT_EQ(world.proxy->idle_upstreams(), 1U);
}

TEST_P(PooledTls, MayGoWithEverythingUnderWay) {
  const auto idle = ask();
  FakeStream& client = world.client();
  client.deliver(kGet);
  idle->carry();
  world.client().deliver(kGet);
  world.network.last_connection().open();
  world.proxy.reset();
  EXPECT_TRUE(world.server(0).gone());
  EXPECT_TRUE(world.server(1).gone());
}

TEST_P(PooledTls, DrainsInOrder) {
  const auto server = ask();
  world.proxy->drain();
  server->carry();
  EXPECT_TRUE(server->ended());
}

}  // namespace
}  // namespace sluice::http
