#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "http/access_log/access_recorder.h"
#include "http/header_edits.h"
#include "http/testing/proxy_world.h"
#include "tls/server/server_identity.h"
#include "tls/testing/certificates.h"
#include "tls/testing/client.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::http {
namespace {

using std::chrono::seconds;
using testing::FakeStream;
using testing::field_of;
using testing::ok_response;
using testing::ProxyWorld;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: www.example\r\n\r\n";

std::shared_ptr<const tls::ServerIdentity> make_identity() {
  static const tls::testing::TemporaryDirectory directory;
  tls::testing::CertificateAuthority authority;
  const auto issued = authority.issue({.dns_names = {"www.example"}});
  const std::vector<tls::CertificateSource> sources = {
      {.certificate = directory.write("www.pem", issued.both()), .key = {}}};
  return std::make_shared<const tls::ServerIdentity>(sources, tls::IdentityOptions{});
}

// A TLS client on a fake stream of the proxy's network.
class SecureClient {
 public:
  explicit SecureClient(ProxyWorld& world, const tls::testing::ClientOptions& options = {})
      : world_(world), client_(*pool_, options), lower_(world.client()) {}

  void handshake() {
    client_.start();
    carry();
  }
  void send(std::string_view text) {
    EXPECT_TRUE(client_.send(text));
    carry();
  }
  // Carries bytes both ways until nothing moves any more.
  void carry() {
    for (bool moved = true; moved;) {
      ByteChain output = client_.take_output();
      moved = !output.empty();
      lower_.deliver(sluice::testing::bytes_of(output));
      const std::string sent = lower_.take();
      moved |= !sent.empty();
      ByteChain input;
      EXPECT_TRUE(input.append_copy(
          {reinterpret_cast<const std::uint8_t*>(sent.data()), sent.size()}, *pool_));
      lower_.acknowledge_all();
      if (!sent.empty()) client_.receive(std::move(input));
      world_.loop();
    }
  }
  [[nodiscard]] const tls::testing::Client& tls() const { return client_; }
  [[nodiscard]] FakeStream& lower() { return lower_; }

 private:
  ProxyWorld& world_;
  sluice::testing::TestPool pool_;
  tls::testing::Client client_;
  FakeStream& lower_;
};

ProxyWorld::Options secure_options() {
  return {.frontend = [](Frontend& frontend) { frontend.identities = {make_identity()}; }};
}

TEST(SecureFrontend, ServesRequests) {
  ProxyWorld world(secure_options());
  SecureClient client(world, {.alpn = {"http/1.1"}});
  client.handshake();
  ASSERT_TRUE(client.tls().open()) << client.tls().error();
  EXPECT_EQ(client.tls().negotiated_protocol(), "http/1.1");
  client.send(kGet);
  ASSERT_EQ(world.network.connections(), 1U);
  const std::string request = world.open_server(0);
  EXPECT_EQ(field_of(request, "X-Forwarded-Proto"), "https");
  EXPECT_EQ(field_of(request, "X-Forwarded-For"), "198.18.0.77");
  world.server(0).acknowledge_all();
  world.server(0).deliver(ok_response("secret"));
  client.carry();
  EXPECT_TRUE(client.tls().received().ends_with("\r\n\r\nsecret"));
  EXPECT_EQ(world.proxy->tls_counters().handshakes_completed.get(), 1U);
  EXPECT_EQ(world.server(0).held(), 0U);
}

TEST(SecureFrontend, TellsTheAccessLogWhatWasAgreedOn) {
  AccessRecorder recorder(1 << 16, {});
  ProxyWorld::Options options = secure_options();
  options.access_log = &recorder;
  ProxyWorld world(options);
  SecureClient client(world, {.version = TLS1_3_VERSION,
                              .server_name = "www.example",
                              .ciphersuites = "TLS_AES_128_GCM_SHA256"});
  client.handshake();
  client.send(kGet);
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.server(0).deliver(ok_response("secret"));
  client.carry();
  const std::size_t lines = recorder.ring().take([](const AccessEntry& entry) {
    EXPECT_TRUE(entry.record.secure);
    EXPECT_FALSE(entry.record.resumed);
    EXPECT_EQ(entry.text(AccessText::kTlsVersion), "TLSv1.3");
    EXPECT_EQ(entry.text(AccessText::kCipher), "TLS_AES_128_GCM_SHA256");
    EXPECT_EQ(entry.text(AccessText::kServerName), "www.example");
  });
  EXPECT_EQ(lines, 1U);
}

// Both requests of a connection: who the client is is found out once.
TEST(SecureFrontend, TellsTheServerWhoTheClientIs) {
  tls::testing::CertificateAuthority authority;
  const tls::testing::TemporaryDirectory files;
  const auto server = authority.issue({.dns_names = {"www.example"}});
  const auto alice = authority.issue({.common_name = "alice"});
  tls::IdentityOptions identity;
  identity.clients = std::make_shared<const tls::ClientVerification>(
      tls::ClientAuth::kOptional, files.write("ca.pem", authority.certificate()), "");
  const std::vector<tls::CertificateSource> sources = {{files.write("s.pem", server.both()), {}}};
  ProxyWorld world({.frontend = [&](Frontend& frontend) {
    frontend.identities = {std::make_shared<const tls::ServerIdentity>(sources, identity)};
    frontend.client_certificates = true;
  }});
  SecureClient client(world, {.certificate = alice.both()});
  client.handshake();
  client.send(kGet);
  std::string request = world.open_server(0);
  EXPECT_EQ(field_of(request, "X-SSL-Client-Verify"), "SUCCESS");
  EXPECT_EQ(field_of(request, "X-SSL-Client-DN"), "CN=alice");
  world.server(0).acknowledge_all();
  world.server(0).deliver(ok_response("hello"));
  client.carry();
  client.send(kGet);
  request = world.server(0).take();
  EXPECT_EQ(field_of(request, "X-SSL-Client-DN"), "CN=alice");
  world.server(0).acknowledge_all();
  world.server(0).deliver(ok_response("again"));
  client.carry();

  SecureClient nobody(world);
  nobody.handshake();
  nobody.send("GET / HTTP/1.1\r\nHost: www.example\r\nX-SSL-Client-DN: CN=root\r\n\r\n");
  request = world.server(0).take();
  EXPECT_EQ(field_of(request, "X-SSL-Client-Verify"), "NONE");
  EXPECT_EQ(field_of(request, "X-SSL-Client-DN"), "(none)");
}

TEST(SecureFrontend, TellsTheServerTheVersionOfTlsIfItShall) {
  auto options = secure_options();
  options.frontend = [](Frontend& frontend) {
    constexpr std::array kAllowed{Placeholder::kTlsVersion};
    std::string fault;
    frontend.identities = {make_identity()};
    frontend.request_edits = std::make_shared<const HeaderEdits>(
        std::vector<std::string>(),
        std::vector<HeaderEdits::Line>{
            {"X-TLS", TextTemplate::parse("{tls_version}", kAllowed, fault).value()}},
        std::vector<HeaderEdits::Line>());
  };
  ProxyWorld world(options);
  SecureClient client(world);
  client.handshake();
  client.send(kGet);
  EXPECT_EQ(field_of(world.open_server(0), "X-TLS"), "TLSv1.3");
}

TEST(SecureFrontend, InTcpModeFindsAServerBehindTheHandshake) {
  auto options = secure_options();
  options.frontend = [](Frontend& frontend) {
    frontend.identities = {make_identity()};
    frontend.tcp = true;
  };
  ProxyWorld world(options);
  SecureClient client(world);
  EXPECT_EQ(world.network.connections(), 0U);
  client.handshake();
  ASSERT_EQ(world.network.connections(), 1U);
  client.send("question");
  EXPECT_EQ(world.open_server(0), "question");
  world.server(0).acknowledge_all();
  world.server(0).deliver("answer");
  client.carry();
  EXPECT_EQ(client.tls().received(), "answer");
  world.server(0).end();
  client.carry();
  EXPECT_TRUE(client.tls().ended()) << "close_notify";

  FakeStream& silent = world.client();
  world.pass(seconds(11));
  EXPECT_TRUE(silent.aborted());
  EXPECT_EQ(world.frontend_counters().handshake_failures.get(), 1U);
  EXPECT_EQ(world.network.connections(), 1U);
}

TEST(SecureFrontend, EndsInOrderBehindTheLastResponse) {
  ProxyWorld world(secure_options());
  SecureClient client(world);
  client.handshake();
  client.send("GET / HTTP/1.1\r\nHost: www.example\r\nConnection: close\r\n\r\n");
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.server(0).deliver(ok_response("last"));
  client.carry();
  EXPECT_TRUE(client.tls().received().ends_with("last"));
  EXPECT_TRUE(client.tls().ended()) << "close_notify";
}

// RFC 8446 section 6.1: without close_notify the client knows that something is missing.
TEST(SecureFrontend, SendsNoCloseNotifyWhenAResponseBreaksOff) {
  ProxyWorld world(secure_options());
  SecureClient client(world);
  client.handshake();
  client.send(kGet);
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.server(0).deliver("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
  world.server(0).end();
  client.carry();
  EXPECT_FALSE(client.tls().ended());
  EXPECT_TRUE(client.lower().aborted());
}

TEST(SecureFrontend, RefusesBadRequests) {
  ProxyWorld world(secure_options());
  SecureClient client(world);
  client.handshake();
  client.send("GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n");
  EXPECT_TRUE(client.tls().received().starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(client.tls().ended());
  world.pass(seconds(3));
  EXPECT_TRUE(client.lower().gone());
}

TEST(SecureFrontend, GivesAHandshakeBoundedTime) {
  ProxyWorld world(secure_options());
  SecureClient client(world);
  client.lower().deliver("\x16\x03\x01");
  world.pass(seconds(11));
  EXPECT_TRUE(client.lower().gone());
  EXPECT_EQ(world.proxy->sessions(), 0U);
  EXPECT_EQ(world.frontend_counters().handshake_failures.get(), 1U);
}

TEST(SecureFrontend, CountsWhatIsNoTls) {
  ProxyWorld world(secure_options());
  SecureClient client(world);
  client.lower().deliver(kGet);
  world.loop();
  EXPECT_TRUE(client.lower().gone());
  EXPECT_EQ(world.proxy->sessions(), 0U);
  EXPECT_EQ(world.frontend_counters().handshake_failures.get(), 1U);
  EXPECT_EQ(world.network.connections(), 0U);
}

TEST(SecureFrontend, DrainsBetweenRequests) {
  ProxyWorld world(secure_options());
  SecureClient idle(world);
  idle.handshake();
  world.proxy->drain();
  idle.carry();
  EXPECT_TRUE(idle.tls().ended());
  world.loop();
  EXPECT_EQ(world.proxy->sessions(), 0U);
}

TEST(SecureFrontend, MayEndWithEverythingUnderWay) {
  ProxyWorld world(secure_options());
  SecureClient shaking(world);
  shaking.lower().deliver("\x16\x03\x01");
  SecureClient busy(world);
  busy.handshake();
  busy.send(kGet);
  world.proxy.reset();
  EXPECT_TRUE(busy.lower().gone());
  EXPECT_TRUE(shaking.lower().gone());
}

TEST(SecureFrontend, TransfersALargeBodyBothWays) {
  ProxyWorld world(secure_options());
  SecureClient client(world);
  client.handshake();
  const std::string body(300000, 'b');
  client.send("POST / HTTP/1.1\r\nHost: www.example\r\nContent-Length: 300000\r\n\r\n");
  std::string sent = world.open_server(0);
  for (std::size_t at = 0; at < body.size(); at += 10000) {
    client.send(body.substr(at, 10000));
    sent += world.server(0).take();
    world.server(0).acknowledge_all();
  }
  EXPECT_EQ(sent.substr(sent.find("\r\n\r\n") + 4), body);
  world.server(0).deliver("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n");
  for (std::size_t at = 0; at < body.size(); at += 10000) {
    world.server(0).deliver(body.substr(at, 10000));
    client.carry();
  }
  EXPECT_TRUE(client.tls().received().ends_with(body));
  EXPECT_EQ(client.lower().held(), 0U);
  EXPECT_EQ(world.server(0).held(), 0U);
  EXPECT_EQ(world.proxy->idle_upstreams(), 1U);
}

}  // namespace
}  // namespace sluice::http
