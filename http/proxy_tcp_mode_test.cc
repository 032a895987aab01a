// Frontends in TCP mode: what clients send goes to a server as it comes.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "http/testing/proxy_world.h"
#include "http/testing/secure_server.h"
#include "tls/client/client_context.h"
#include "tls/server/server_identity.h"
#include "tls/testing/certificates.h"
#include "tls/testing/client.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::http {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::FakeStream;
using testing::ProxyWorld;
using testing::SecureServer;

ProxyWorld::Options tcp_mode(std::size_t servers = 1) {
  return {.servers = servers,
          .frontend = [](Frontend& frontend) { frontend.tcp = true; },
          .backend = [](Backend& backend) { backend.tcp = true; }};
}

TEST(TcpMode, ConnectsAtOnceAndSplices) {
  ProxyWorld world(tcp_mode());
  FakeStream& client = world.client();
  ASSERT_EQ(world.network.connections(), 1U) << "the server may speak first";
  world.open_server(0);
  world.server(0).deliver("220 mail.example\r\n");
  EXPECT_EQ(client.take(), "220 mail.example\r\n");
  client.deliver("EHLO me\r\n");
  EXPECT_EQ(world.server(0).take(), "EHLO me\r\n");
}

TEST(TcpMode, KeepsWhatComesBeforeTheServerIsThere) {
  ProxyWorld world(tcp_mode());
  FakeStream& client = world.client();
  client.deliver("all of ");
  client.deliver("it");
  client.end();
  EXPECT_EQ(client.held(), 9U) << "in the client's window";
  EXPECT_EQ(world.open_server(0), "all of it");
  EXPECT_TRUE(world.server(0).finished());
  world.server(0).acknowledge_all();
  EXPECT_EQ(client.held(), 0U);
  EXPECT_EQ(world.frontend_counters().bytes_in.get(), 9U);
  EXPECT_EQ(world.server_counters().bytes_in.get(), 9U);
  world.server(0).deliver("thanks");
  world.server(0).end();
  EXPECT_EQ(client.take(), "thanks");
  EXPECT_TRUE(client.closed());
  EXPECT_TRUE(world.server(0).closed());
  world.loop();
  EXPECT_EQ(world.proxy->sessions(), 0U);
  EXPECT_EQ(world.frontend_counters().sessions.current(), 0U);
  EXPECT_EQ(world.backend_counters().sessions.current(), 0U);
  EXPECT_EQ(world.proxy->idle_upstreams(), 0U) << "never pooled";
}

TEST(TcpMode, TakesServersInTurnAndCountsSessions) {
  ProxyWorld world(tcp_mode(2));
  for (std::size_t i = 0; i < 4; ++i) {
    world.client();
    world.open_server(i);
    EXPECT_EQ(world.server(i).remote(), ProxyWorld::server_address(i % 2));
  }
  EXPECT_EQ(world.proxy->sessions(), 4U);
  EXPECT_EQ(world.frontend_counters().sessions.total(), 4U);
  EXPECT_EQ(world.backend_counters().sessions.current(), 4U);
  EXPECT_EQ(world.server_counters(1).sessions.current(), 2U);
  EXPECT_EQ(world.frontend_counters().requests.get(), 0U);
  EXPECT_EQ(world.server_counters(1).requests.get(), 0U);
}

TEST(TcpMode, TriesTheNextServer) {
  ProxyWorld world(tcp_mode(2));
  FakeStream& client = world.client();
  client.deliver("x");
  world.server(0).fail(StreamError::kRefused);
  ASSERT_EQ(world.network.connections(), 2U);
  EXPECT_EQ(world.open_server(1), "x");
  EXPECT_EQ(world.backend_counters().retries.get(), 1U);
  EXPECT_EQ(world.backend_counters().redispatches.get(), 1U);
  EXPECT_EQ(world.server_counters(0).connection_errors.get(), 1U);
}

TEST(TcpMode, ResetsAClientForWhichThereIsNoServer) {
  ProxyWorld world(tcp_mode());
  FakeStream& client = world.client();
  for (std::size_t i = 0; i < world.network.connections(); ++i) {
    world.server(i).fail(StreamError::kRefused);
  }
  EXPECT_TRUE(client.aborted());
  world.loop();
  EXPECT_EQ(world.proxy->sessions(), 0U);
  EXPECT_EQ(world.backend_counters().responses.get(5), 0U) << "no HTTP";
}

TEST(TcpMode, RefusesAClientWhenNoServerCanBeReached) {
  ProxyWorld world(tcp_mode());
  world.network.set_no_route(true);
  EXPECT_EQ(world.network.accept(ProxyWorld::kFrontend, ProxyWorld::kClient), nullptr);
  world.loop();
  EXPECT_EQ(world.proxy->sessions(), 0U);
  EXPECT_EQ(world.frontend_counters().sessions.current(), 0U);
}

TEST(TcpMode, GivesAServerUpWhenTheClientGoes) {
  ProxyWorld world(tcp_mode());
  world.client().fail(StreamError::kReset);
  EXPECT_TRUE(world.server(0).aborted());
  EXPECT_EQ(world.frontend_counters().client_aborts.get(), 1U);
  EXPECT_EQ(world.server_counters().client_aborts.get(), 1U);
}

TEST(TcpMode, WaitsForAConnectionAsLongAsHttpDoes) {
  ProxyWorld world(tcp_mode(2));
  FakeStream& client = world.client();
  world.pass(seconds(3));
  EXPECT_TRUE(world.server(0).aborted());
  ASSERT_EQ(world.network.connections(), 2U);
  world.open_server(1);
  EXPECT_FALSE(client.gone());
}

TEST(TcpMode, ResetsATunnelInWhichNothingMoves) {
  ProxyWorld world(tcp_mode());
  FakeStream& client = world.client();
  world.open_server(0);
  world.pass(minutes(59));
  EXPECT_FALSE(client.gone());
  world.pass(minutes(2));
  EXPECT_TRUE(client.aborted());
  EXPECT_TRUE(world.server(0).aborted());
}

TEST(TcpMode, GoesOnWhenAReloadTakesItsFrontendAway) {
  ProxyWorld world(tcp_mode());
  FakeStream& client = world.client();
  world.open_server(0);
  const auto next = ProxyWorld::make_settings({});
  next->frontends[0] = nullptr;
  world.proxy->adopt(*next);
  world.settings.reset();
  world.proxy->drain();
  client.deliver("on");
  EXPECT_EQ(world.server(0).take(), "on");
  world.proxy.reset();
  EXPECT_TRUE(client.aborted());
  EXPECT_TRUE(world.server(0).aborted());
}

// With TLS on either side.
class SecureTcpMode : public ::testing::Test {
 protected:
  std::shared_ptr<const tls::ServerIdentity> identity(std::vector<std::string> alpn) {
    const auto path =
        files_.write("server.pem", authority_.issue({.dns_names = {"server.test"}}).both());
    const std::vector<tls::CertificateSource> sources = {{path, {}}};
    tls::IdentityOptions options;
    options.alpn = std::move(alpn);
    return std::make_shared<const tls::ServerIdentity>(sources, options);
  }

  tls::testing::CertificateAuthority authority_;
  tls::testing::TemporaryDirectory files_;
};

TEST_F(SecureTcpMode, ServersAreSpokenToByTlsWithoutALPN) {
  tls::ClientSettings settings;
  settings.authorities = files_.write("ca.pem", authority_.certificate());
  settings.alpn.clear();
  auto options = tcp_mode();
  options.backend = [made =
                         std::make_shared<const tls::ClientContext>(settings)](Backend& backend) {
    backend.tls_contexts = {made};
    backend.servers[0].tls_name = "server.test";
  };
  ProxyWorld world(options);
  const auto who = identity({"http/1.1"});
  for (int i = 0; i < 2; ++i) {
    FakeStream& client = world.client();
    client.deliver("question");
    SecureServer server(world, world.network.connections() - 1, *who);
    server.open();
    EXPECT_EQ(server.agreed().protocol, "");
    EXPECT_EQ(server.take(), "question");
    server.send("answer");
    EXPECT_EQ(client.take(), "answer");
    client.end();
    server.carry();
    EXPECT_TRUE(server.ended()) << "close_notify";
    server.close();
    EXPECT_TRUE(client.closed());
  }
  EXPECT_EQ(world.server_counters().handshakes_resumed.get(), 1U);
}

}  // namespace
}  // namespace sluice::http
