// Connections to servers by TLS: who is trusted, and what becomes of requests to who is not.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "http/testing/proxy_world.h"
#include "http/testing/secure_server.h"
#include "tls/client/client_context.h"
#include "tls/server/server_identity.h"
#include "tls/testing/certificates.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::http {
namespace {

using std::chrono::seconds;
using testing::FakeStream;
using testing::field_of;
using testing::ok_response;
using testing::ProxyWorld;
using testing::SecureServer;
using tls::CertificateFault;
using tls::testing::CertificateRequest;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: www.example\r\n\r\n";
constexpr std::string_view kPost =
    "POST / HTTP/1.1\r\nHost: www.example\r\nContent-Length: 4\r\n\r\nbody";
constexpr const char* kName = "server.test";

// An authority, servers it vouches for, and a proxy that asks them for kName.
class SecureBackend : public ::testing::Test {
 protected:
  std::shared_ptr<const tls::ServerIdentity> identity(const CertificateRequest& request,
                                                      tls::testing::CertificateAuthority& by) {
    const auto path = files_.write("server.pem", by.issue(request).both());
    const std::vector<tls::CertificateSource> sources = {{path, {}}};
    return std::make_shared<const tls::ServerIdentity>(sources, tls::IdentityOptions{});
  }
  std::shared_ptr<const tls::ServerIdentity> identity(const CertificateRequest& request) {
    return identity(request, authority_);
  }
  std::shared_ptr<const tls::ServerIdentity> good_identity() {
    return identity({.dns_names = {kName}});
  }

  std::shared_ptr<const tls::ClientContext> context(tls::ClientSettings settings = {}) {
    settings.authorities = files_.write("ca.pem", authority_.certificate());
    return std::make_shared<const tls::ClientContext>(settings);
  }
  ProxyWorld::Options options(std::size_t servers = 1, const tls::ClientSettings& settings = {}) {
    return {.servers = servers, .backend = [made = context(settings)](Backend& backend) {
              backend.tls_contexts = {made};
              for (Server& server : backend.servers) server.tls_name = kName;
            }};
  }

  tls::testing::CertificateAuthority authority_;
  tls::testing::TemporaryDirectory files_;
};

std::uint64_t refused(const ProxyWorld& world, CertificateFault fault) {
  return world.proxy->counters().refused_certificates[static_cast<std::size_t>(fault)].get();
}

TEST_F(SecureBackend, IsAskedByTls) {
  ProxyWorld world(options());
  FakeStream& client = world.client();
  client.deliver(kGet);
  EXPECT_EQ(world.server(0).sent(), "") << "the TCP connection is not open";
  SecureServer server(world, 0, *good_identity());
  server.open();
  EXPECT_EQ(server.agreed().protocol, "http/1.1");
  const std::string request = server.take();
  EXPECT_TRUE(request.starts_with("GET / HTTP/1.1\r\n")) << request;
  EXPECT_EQ(field_of(request, "Host"), "www.example");
  server.send(ok_response("secret"));
  EXPECT_TRUE(client.sent().ends_with("secret"));
  EXPECT_EQ(world.proxy->upstream_tls_counters().handshakes_completed.get(), 1U);
  EXPECT_EQ(world.proxy->tls_counters().handshakes_started.get(), 0U) << "the frontends' own";
  EXPECT_EQ(world.server_counters().handshakes.get(), 1U);
  EXPECT_EQ(world.backend_counters().handshakes.get(), 1U);
  EXPECT_EQ(world.server_counters().bytes_in.get(), request.size()) << "plaintext";
  EXPECT_EQ(world.server(0).held(), 0U);
}

// What a client sees of a server that is not who it should be, and is the only one.
TEST_F(SecureBackend, GetsNothingOfARequestBeforeItIsTrusted) {
  struct Case {
    std::shared_ptr<const tls::ServerIdentity> identity;
    CertificateFault fault;
  };
  tls::testing::CertificateAuthority stranger;
  const Case cases[] = {
      {identity({.dns_names = {kName}}, stranger), CertificateFault::kUnknownAuthority},
      {identity({.dns_names = {"other.test"}}), CertificateFault::kWrongName},
      {identity({.dns_names = {kName}, .expires_in = -60}), CertificateFault::kExpired},
      {identity({.dns_names = {kName}, .expires_in = 2L * 86400}), CertificateFault::kNotYetValid},
  };
  for (const Case& wrong : cases) {
    ProxyWorld world(options());
    FakeStream& client = world.client();
    client.deliver(kPost);
    for (std::size_t i = 0; i < world.network.connections(); ++i) {
      SecureServer server(world, i, *wrong.identity);
      server.open();
      EXPECT_EQ(server.take(), "");
      EXPECT_TRUE(world.server(i).gone());
    }
    EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 502 ")) << client.sent();
    EXPECT_FALSE(client.gone()) << "the client may ask again";
    EXPECT_GE(world.network.connections(), 2U) << "tried again, for nothing was lost";
    EXPECT_EQ(refused(world, wrong.fault), world.network.connections());
    const ServerCounters& counters = world.server_counters();
    EXPECT_EQ(counters.handshake_failures.get(), world.network.connections());
    EXPECT_EQ(counters.connection_errors.get(), world.network.connections());
    EXPECT_EQ(tls::unpacked(counters.last_handshake_failure.get()).kind,
              tls::Failure::Kind::kCertificate);
    EXPECT_TRUE(world.fleet.server(ServerId(0)).paused());
    EXPECT_EQ(world.backend_counters().sessions.current(), 0U);
  }
}

TEST_F(SecureBackend, PassesAnUntrustedServerOver) {
  ProxyWorld world(options(2));
  FakeStream& client = world.client();
  client.deliver(kPost);
  SecureServer wrong(world, 0, *identity({.dns_names = {"other.test"}}));
  wrong.open();
  ASSERT_EQ(world.network.connections(), 2U);
  SecureServer right(world, 1, *good_identity());
  right.open();
  EXPECT_TRUE(right.take().ends_with("body"));
  right.send(ok_response("fine"));
  EXPECT_TRUE(client.sent().ends_with("fine"));
  EXPECT_EQ(world.backend_counters().redispatches.get(), 1U);
}

TEST_F(SecureBackend, MayBeNamedByItsAddress) {
  auto with_address = options();
  with_address.backend = [made = context()](Backend& backend) {
    backend.tls_contexts = {made};
    backend.servers[0].tls_name = "198.18.2.1";
  };
  ProxyWorld world(with_address);
  FakeStream& client = world.client();
  client.deliver(kGet);
  SecureServer server(world, 0, *identity({.ip_addresses = {"198.18.2.1"}}));
  server.open();
  server.send(ok_response("fine"));
  EXPECT_TRUE(client.sent().ends_with("fine"));
}

TEST_F(SecureBackend, TakesAnybodyOnlyWhenToldTo) {
  ProxyWorld world(options(1, {.verification = tls::Verification::kNone}));
  FakeStream& client = world.client();
  client.deliver(kGet);
  tls::testing::CertificateAuthority stranger;
  SecureServer server(world, 0,
                      *identity({.dns_names = {"other.test"}, .expires_in = -60}, stranger));
  server.open();
  server.send(ok_response("fine"));
  EXPECT_TRUE(client.sent().ends_with("fine"));
}

TEST_F(SecureBackend, ThatSpeaksPlainHttpIs502) {
  ProxyWorld world(options());
  FakeStream& client = world.client();
  client.deliver(kGet);
  for (std::size_t i = 0; i < world.network.connections(); ++i) {
    world.server(i).open();
    world.server(i).deliver("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    world.loop();
  }
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 502 "));
  EXPECT_EQ(tls::unpacked(world.server_counters().last_handshake_failure.get()).kind,
            tls::Failure::Kind::kNotTls);
}

TEST_F(SecureBackend, ThatBreaksTheHandshakeOffIs502) {
  for (const bool reset : {false, true}) {
    ProxyWorld world(options());
    FakeStream& client = world.client();
    client.deliver(kGet);
    for (std::size_t i = 0; i < world.network.connections(); ++i) {
      world.server(i).open();
      reset ? world.server(i).fail(StreamError::kReset) : world.server(i).end();
      world.loop();
    }
    EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 502 "));
    EXPECT_EQ(world.server_counters().handshake_failures.get(), world.network.connections());
    EXPECT_EQ(world.proxy->upstream_tls_counters().handshakes_failed.get(),
              world.network.connections());
  }
}

TEST_F(SecureBackend, ThatCannotBeConnectedToIs503) {
  ProxyWorld world(options());
  FakeStream& client = world.client();
  client.deliver(kGet);
  for (std::size_t i = 0; i < world.network.connections(); ++i) {
    world.server(i).fail(StreamError::kRefused);
  }
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 503 "));
  EXPECT_EQ(world.server_counters().handshake_failures.get(), 0U);
  EXPECT_EQ(world.proxy->upstream_tls_counters().handshakes_started.get(), 0U);
}

// The time to connect is the time until TLS is there.
TEST_F(SecureBackend, HasTheTimeToConnectForTheHandshakeToo) {
  ProxyWorld world(options(2));
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.pass(seconds(2));
  world.server(0).open();
  EXPECT_FALSE(world.server(0).gone());
  world.pass(seconds(1));
  EXPECT_TRUE(world.server(0).gone());
  ASSERT_EQ(world.network.connections(), 2U);
  SecureServer next(world, 1, *good_identity());
  next.open();
  next.send(ok_response("fine"));
  EXPECT_TRUE(client.sent().ends_with("fine"));
}

// A server that wants to know who asks.
std::shared_ptr<const tls::ServerIdentity> asking(std::shared_ptr<const tls::ServerIdentity> who) {
  SSL_CTX_set_verify(who->context().get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     [](int, X509_STORE_CTX*) { return 1; });
  return who;
}

TEST_F(SecureBackend, SeesTheClientsCertificate) {
  tls::ClientSettings settings;
  settings.certificate = {files_.write("client.pem", authority_.issue({}).both()), {}};
  ProxyWorld world(options(1, settings));
  FakeStream& client = world.client();
  client.deliver(kPost);
  SecureServer server(world, 0, *asking(good_identity()));
  server.open();
  server.send(ok_response("known"));
  EXPECT_TRUE(client.sent().ends_with("known"));
}

// With TLS 1.3 the proxy is done with the handshake before the server refuses it, and has sent the
// request. Without a body it may be sent again.
TEST_F(SecureBackend, ThatWantsAnotherClientIs502) {
  for (const bool body : {false, true}) {
    ProxyWorld world(options(2));
    FakeStream& client = world.client();
    client.deliver(body ? kPost : kGet);
    const auto identity = asking(good_identity());
    for (std::size_t i = 0; i < world.network.connections(); ++i) {
      SecureServer server(world, i, *identity);
      server.open();
    }
    EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 502 ")) << client.sent();
    EXPECT_EQ(world.network.connections(), body ? 1U : 3U);
    EXPECT_EQ(world.server_counters().handshake_failures.get(), body ? 1U : 2U);
    EXPECT_TRUE(world.fleet.server(ServerId(0)).paused());
  }
}

TEST_F(SecureBackend, IsNotBlamedWhenBuffersRunOut) {
  ProxyWorld world(options(2));
  FakeStream& client = world.client();
  client.deliver(kGet);
  std::vector<Packet> held;
  while (Packet packet = world.pool->allocate()) held.push_back(std::move(packet));
  world.server(0).open();
  EXPECT_TRUE(world.server(0).gone());
  EXPECT_EQ(world.proxy->upstream_tls_counters().out_of_buffers.get(), 1U);
  EXPECT_FALSE(world.fleet.server(ServerId(0)).paused());
  EXPECT_EQ(world.server_counters().handshake_failures.get(), 0U);
  EXPECT_EQ(world.network.connections(), 1U);
  held.clear();
}

TEST_F(SecureBackend, SpeaksNeverPlainWithoutAContextOfTheWorkers) {
  auto without = options();
  without.backend = [](Backend& backend) { backend.tls_contexts = {nullptr}; };
  ProxyWorld world(without);
  FakeStream& client = world.client();
  client.deliver(kGet);
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 503 "));
  for (std::size_t i = 0; i < world.network.connections(); ++i) {
    EXPECT_EQ(world.server(i).sent_size(), 0U);
    EXPECT_TRUE(world.server(i).aborted());
  }
}

}  // namespace
}  // namespace sluice::http
