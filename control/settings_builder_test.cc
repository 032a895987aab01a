#include "control/settings_builder.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "control/config/load.h"
#include "http/address_filter.h"
#include "http/header_edits.h"
#include "http/router.h"
#include "tls/server/server_identity.h"
#include "tls/testing/certificates.h"
#include "tls/testing/connection.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kInterface = R"(
[[interface]]
name = "wan"
ports = ["af_packet:wan"]
address = ["198.18.0.1/24"]
)";

Config config(const std::string& text) {
  Diagnostics problems;
  auto read = read_config(std::string(kInterface) + text, problems);
  EXPECT_TRUE(problems.ok()) << problems.format("test");
  return read.value_or(Config{});
}

Config two_backends() {
  return config(R"(
[[frontend]]
name = "www"
bind = ["198.18.0.1:80", "198.18.0.1:81"]
backend = "farm"
timeout.idle = "7s"
limit.header_fields = 33
via = false
route = [{ host = "Shop.example.com", path = "/cart", backend = "shop" }]
[[backend]]
name = "farm"
server = ["198.18.0.11:80", { name = "b", address = "198.18.0.12:80" }]
timeout.connect = "1s"
retries = 1
pool.connections = 5
server_pause = "9s"
[[backend]]
name = "shop"
server = ["198.18.0.13:80"]
)");
}

TEST(SettingsBuilder, KnowsTheModeOfFrontendsAndOfTheirBackends) {
  SettingsBuilder builder(1);
  const http::Settings settings = builder.build(config(R"(
[[frontend]]
name = "mail"
bind = ["198.18.0.1:25"]
mode = "tcp"
backend = "mail"
timeout.tunnel = "3m"
[[frontend]]
name = "www"
bind = ["198.18.0.1:80"]
backend = "farm"
[[backend]]
name = "mail"
server = ["198.18.0.11:25"]
[[backend]]
name = "farm"
server = ["198.18.0.11:80"]
)"));
  EXPECT_TRUE(settings.frontends[0]->tcp);
  EXPECT_EQ(settings.frontends[0]->timeouts.tunnel, 3min);
  EXPECT_FALSE(settings.frontends[1]->tcp);
  EXPECT_TRUE(settings.backends[0]->tcp);
  EXPECT_FALSE(settings.backends[1]->tcp);
}

TEST(SettingsBuilder, MakesWhatAFrontendDoesBesideForwarding) {
  SettingsBuilder builder(1);
  const http::Settings settings = builder.build(config(R"(
[[frontend]]
name = "www"
bind = ["198.18.0.1:80"]
redirect = "https"
route = [{ path = "/no", respond = 403 }, { path = "/yes", backend = "farm" }]
deny = ["198.18.0.0/16"]
limit.connections = 7
request.set = { Host = "inner", X-A = "{client}" }
response.remove = ["Server"]
[[frontend]]
name = "plain"
bind = ["198.18.0.1:81"]
backend = "farm"
[[backend]]
name = "farm"
server = ["198.18.0.11:80"]
)"));
  const http::Frontend& www = *settings.frontends[0];
  EXPECT_NE(www.router->find("a", "/").answer, nullptr);
  EXPECT_NE(www.router->find("a", "/no").answer, nullptr);
  EXPECT_EQ(www.router->find("a", "/yes"), settings.backends[0]->id);
  ASSERT_NE(www.filter, nullptr);
  EXPECT_FALSE(www.filter->allows(wire::IpAddress::v4(198, 18, 1, 1)));
  EXPECT_EQ(www.connection_limit, 7U);
  EXPECT_EQ(www.host, "inner");
  ASSERT_NE(www.request_edits, nullptr);
  EXPECT_TRUE(www.request_edits->drops("x-a"));
  EXPECT_FALSE(www.request_edits->drops("Host")) << "which is written anyway";
  ASSERT_NE(www.response_edits, nullptr);
  EXPECT_TRUE(www.response_edits->drops("server"));
  const http::Frontend& plain = *settings.frontends[1];
  EXPECT_EQ(plain.filter, nullptr);
  EXPECT_EQ(plain.request_edits, nullptr) << "costs nothing";
  EXPECT_EQ(plain.response_edits, nullptr);
}

TEST(SettingsBuilder, CarriesWhatTheOperatorWrote) {
  SettingsBuilder builder(1);
  const http::Settings settings = builder.build(two_backends());
  ASSERT_EQ(settings.frontends.size(), 1U);
  const http::Frontend& www = *settings.frontends[0];
  EXPECT_EQ(www.name, "www");
  EXPECT_EQ(www.bind.size(), 2U);
  EXPECT_EQ(www.timeouts.idle, 7s);
  EXPECT_EQ(www.limits.header_fields, 33U);
  EXPECT_FALSE(www.via_header);
  EXPECT_TRUE(www.forwarded_headers);
  EXPECT_TRUE(www.identities.empty());
  ASSERT_EQ(settings.backends.size(), 2U);
  EXPECT_EQ(settings.server_count, 3U);
  const http::Backend& farm = *settings.backends[www.default_backend.index()];
  EXPECT_EQ(farm.name, "farm");
  EXPECT_EQ(farm.timeouts.connect, 1s);
  EXPECT_EQ(farm.retry.attempts, 1U);
  EXPECT_EQ(farm.pool_connections, 5U);
  EXPECT_EQ(farm.server_pause, 9s);
  ASSERT_EQ(farm.servers.size(), 2U);
  EXPECT_EQ(farm.servers[1].name, "b");
  EXPECT_EQ(farm.servers[1].address.to_string(), "198.18.0.12:80");
}

TEST(SettingsBuilder, MakesTheRouter) {
  SettingsBuilder builder(1);
  const http::Settings settings = builder.build(two_backends());
  const http::Frontend& www = *settings.frontends[0];
  ASSERT_TRUE(www.router);
  const auto name_of = [&](const http::RouteTarget& target) {
    return settings.backends[target.backend.index()]->name;
  };
  EXPECT_EQ(name_of(www.router->find("shop.example.com", "/cart/1")), "shop");
  EXPECT_EQ(name_of(www.router->find("shop.example.com", "/")), "farm");
}

TEST(SettingsBuilder, AnIdBelongsToANameForEver) {
  SettingsBuilder builder(1);
  const http::Settings before = builder.build(two_backends());
  const Config without_farm = config(R"(
[[frontend]]
name = "new"
bind = "198.18.0.1:82"
backend = "shop"
[[backend]]
name = "other"
server = ["198.18.0.14:80"]
[[backend]]
name = "shop"
server = ["198.18.0.15:80", "198.18.0.13:80"]
)");
  const http::Settings after = builder.build(without_farm);
  ASSERT_EQ(after.backends.size(), 3U);
  EXPECT_EQ(after.backends[0], nullptr) << "farm is gone, and its id with it";
  EXPECT_EQ(after.backends[1]->name, "shop");
  EXPECT_EQ(after.backends[2]->name, "other");
  EXPECT_EQ(after.backends[1]->servers[1].id, before.backends[1]->servers[0].id);
  EXPECT_EQ(after.server_count, 5U);
  ASSERT_EQ(after.frontends.size(), 2U);
  EXPECT_EQ(after.frontends[0], nullptr);
  EXPECT_EQ(after.frontends[1]->name, "new");
}

// Two frontends with TLS, for two workers.
class SecureFrontends : public ::testing::Test {
 protected:
  [[nodiscard]] http::Settings build(const tls::TicketKeys* keys,
                                     const std::string& more_of_www) const {
    SettingsBuilder builder(2, nullptr, keys);
    const std::string certificate = "tls.certificate = \"" + path_.string() + "\"\n";
    return builder.build(config(R"(
[[frontend]]
name = "www"
bind = "198.18.0.1:443"
backend = "farm"
)" + certificate + more_of_www + R"(
[[frontend]]
name = "admin"
bind = "198.18.0.1:444"
backend = "farm"
)" + certificate + R"(
[[backend]]
name = "farm"
server = "198.18.0.11:80"
)"));
  }

  // Whether the session of a handshake with one of them is resumed by another.
  static bool resumes(const tls::ServerIdentity& first, const tls::ServerIdentity& second) {
    tls::testing::Connection full(first);
    full.handshake();
    const auto session = full.client.take_session();
    tls::testing::ConnectionOptions options;
    options.client.session = session.get();
    tls::testing::Connection next(second, options);
    next.handshake();
    EXPECT_TRUE(next.client.open()) << next.client.error();
    return SSL_session_reused(next.client.ssl()) == 1;
  }

  const tls::TicketKeys keys_{tls::TicketKeyRing({{tls::TicketKey::random()}}, 0)};

 private:
  tls::testing::TemporaryDirectory directory_;
  tls::testing::CertificateAuthority authority_;
  std::filesystem::path path_ =
      directory_.write("www.pem", authority_.issue({.dns_names = {"www.example.com"}}).both());
};

TEST_F(SecureFrontends, HaveAnIdentityForEachWorker) {
  const http::Settings settings = build(nullptr, "");
  const auto& identities = settings.frontends[0]->identities;
  ASSERT_EQ(identities.size(), 2U);
  EXPECT_NE(identities[0]->context(), identities[1]->context());
}

TEST_F(SecureFrontends, ResumeASessionOnEveryWorkerOfTheSameFrontend) {
  const http::Settings settings = build(&keys_, "");
  const auto& www = settings.frontends[0]->identities;
  const auto& admin = settings.frontends[1]->identities;
  EXPECT_TRUE(resumes(*www[0], *www[1]));
  EXPECT_FALSE(resumes(*www[0], *admin[0]));
}

TEST_F(SecureFrontends, ResumeSessionsFromBeforeAReload) {
  const http::Settings before = build(&keys_, "");
  const http::Settings after = build(&keys_, "tls.strict_sni = false\n");
  EXPECT_TRUE(resumes(*before.frontends[0]->identities[0], *after.frontends[0]->identities[0]));
}

TEST_F(SecureFrontends, MakeNoTicketsWhenNoneAreWanted) {
  const http::Settings settings = build(&keys_, "tls.tickets = 0\n");
  const auto& www = settings.frontends[0]->identities;
  EXPECT_FALSE(resumes(*www[0], *www[0]));
}

Config secure_farm(const std::string& keys) {
  return config(R"(
[[frontend]]
name = "www"
bind = "198.18.0.1:80"
backend = "farm"
[[backend]]
name = "farm"
tls.enabled = true
)" + keys);
}

TEST(SettingsBuilder, GivesEachWorkerAContextForServers) {
  const tls::testing::TemporaryDirectory directory;
  const auto path = directory.write("ca.pem", tls::testing::CertificateAuthority().certificate());
  const Config config =
      secure_farm("server = '198.18.0.11:443'\ntls.authorities = '" + path.string() + "'\n");
  SettingsBuilder builder(2);
  const http::Settings settings = builder.build(config);
  const auto& contexts = settings.backends[0]->tls_contexts;
  ASSERT_EQ(contexts.size(), 2U);
  EXPECT_NE(contexts[0]->context(), contexts[1]->context());
  EXPECT_EQ(builder.build(config).backends[0]->tls_contexts, contexts) << "nothing has changed";
}

TEST(SettingsBuilder, SpeaksPlainHttpToServersUnlessItIsToldOtherwise) {
  SettingsBuilder builder(1);
  const http::Settings settings = builder.build(two_backends());
  EXPECT_TRUE(settings.backends[0]->tls_contexts.empty());
  EXPECT_EQ(settings.backends[0]->servers[0].tls_name, "");
}

TEST(SettingsBuilder, NamesServersForTls) {
  SettingsBuilder builder(1);
  const auto name = [&](const std::string& keys) {
    const auto settings = builder.build(secure_farm("tls.verify = 'none'\n" + keys));
    return settings.backends[0]->servers[0].tls_name;
  };
  EXPECT_EQ(name("server = '198.18.0.11:443'"), "198.18.0.11");
  EXPECT_EQ(name("server = [{ name = 'web1', address = '198.18.0.11:443' }]"), "198.18.0.11");
  EXPECT_EQ(name("server = '198.18.0.11:443'\ntls.server_name = 'a.test'"), "a.test");
  EXPECT_EQ(name("server = [{ address = '198.18.0.11:443', tls.server_name = 'b.test' }]\n"
                 "tls.server_name = 'a.test'"),
            "b.test");
}

// Two frontends with a certificate each, one of which is replaced.
TEST(SettingsBuilder, ReplacesOneCertificateAndLeavesTheRest) {
  const tls::testing::TemporaryDirectory directory;
  tls::testing::CertificateAuthority authority;
  const std::string www =
      directory.write("www.pem", authority.issue({.dns_names = {"www"}}).both());
  const std::string shop =
      directory.write("shop.pem", authority.issue({.dns_names = {"shop"}}).both());
  const Config both = config(R"(
[[frontend]]
name = "www"
bind = "198.18.0.1:443"
backend = "farm"
tls.certificate = ")" + www + R"("
[[frontend]]
name = "shop"
bind = "198.18.0.1:444"
backend = "farm"
tls.certificate = ")" + shop +
                             R"("
[[backend]]
name = "farm"
server = "198.18.0.11:80"
)");
  SettingsBuilder builder(2);
  const http::Settings before = builder.build(both);
  builder.certificates().stage(shop, authority.issue({.dns_names = {"new"}}).both());
  builder.certificates().commit(shop);
  const http::Settings after = builder.renew_certificates(before, both);
  ASSERT_EQ(after.frontends.size(), 2U);
  EXPECT_EQ(after.frontends[0]->identities, before.frontends[0]->identities);
  ASSERT_EQ(after.frontends[1]->identities.size(), 2U);
  const auto& shown = after.frontends[1]->identities[1]->certificates().certificates();
  EXPECT_EQ(shown.front()->info().names.front(), "new");
  EXPECT_EQ(after.frontends[1]->bind, before.frontends[1]->bind);
  EXPECT_EQ(after.backends[0]->name, "farm");
  EXPECT_EQ(after.server_count, before.server_count);
}

TEST(SettingsBuilder, FreesFormerCertificatesItself) {
  const tls::testing::TemporaryDirectory directory;
  tls::testing::CertificateAuthority authority;
  const std::string www =
      directory.write("www.pem", authority.issue({.dns_names = {"www"}}).both());
  const Config one = config(R"(
[[frontend]]
name = "www"
bind = "198.18.0.1:443"
backend = "farm"
tls.certificate = ")" + www +
                            R"("
[[backend]]
name = "farm"
server = "198.18.0.11:80"
)");
  SettingsBuilder builder(1);
  http::Settings settings = builder.build(one);
  const std::weak_ptr<const tls::SharedCertificate> former =
      settings.frontends[0]->identities[0]->certificates().certificates()[0];
  const auto replace = [&] {
    builder.certificates().stage(www);
    builder.certificates().commit(www);
    settings = builder.renew_certificates(settings, one);
  };
  replace();
  EXPECT_FALSE(former.expired()) << "whoever lets go of it last is not the one who frees it";
  replace();
  EXPECT_TRUE(former.expired());
}

}  // namespace
}  // namespace sluice::control
