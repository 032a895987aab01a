#include "control/config/load.h"
#include "control/config/server_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "control/config/keys.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

std::string good_file(const std::string& name) {
  const char* given = std::getenv("SLUICE_TESTDATA");
  const auto path =
      std::filesystem::path(given == nullptr ? "control/testdata" : given) / "good" / name;
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Config read_good(const std::string& name) {
  Diagnostics problems;
  const auto config = read_config(good_file(name), problems);
  EXPECT_EQ(problems.format(name), "");
  return config.value_or(Config{});
}

TEST(ReadConfig, LeavesDefaultsWhereAKeyIsNotGiven) {
  const Config config = read_good("minimal.toml");
  EXPECT_EQ(config.process.workers.value, 0U);
  EXPECT_EQ(config.process.idle, worker::IdleMode::kAdaptive);
  EXPECT_EQ(config.process.admin_socket, "/run/sluice/admin.sock");
  EXPECT_EQ(config.process.admin_mode, 0600U);
  EXPECT_EQ(config.process.tls_key_log, "");
  EXPECT_EQ(config.process.user.value, "");
  EXPECT_EQ(config.process.group.value, "");
  EXPECT_TRUE(config.process.system_call_filter);
  EXPECT_EQ(config.tcp.stack.time_wait, tcp::StackConfig{}.time_wait);
  ASSERT_EQ(config.frontends.size(), 1U);
  EXPECT_EQ(config.frontends[0].timeouts.request, http::ClientTimeouts{}.request);
  EXPECT_TRUE(config.frontends[0].forwarded);
  EXPECT_TRUE(config.frontends[0].enabled);
  ASSERT_EQ(config.backends.size(), 1U);
  EXPECT_EQ(config.backends[0].retry.attempts, http::RetrySettings{}.attempts);
  EXPECT_EQ(config.backends[0].servers[0].name.value, "198.18.0.11:80");
}

TEST(ReadConfig, ReadsTheProcess) {
  const ProcessConfig process = read_good("full.toml").process;
  EXPECT_EQ(process.workers.value, 2U);
  ASSERT_EQ(process.cpus.size(), 2U);
  EXPECT_EQ(process.cpus[1].value, 1U);
  EXPECT_EQ(process.idle, worker::IdleMode::kPoll);
  EXPECT_EQ(process.max_connections, 20000U);
  EXPECT_EQ(process.buffers.value, 32768U);
  EXPECT_EQ(process.hugepages, Hugepages::kAvoid);
  EXPECT_EQ(process.admin_level, AdminLevel::kOperator);
  EXPECT_TRUE(process.telemetry);
  ASSERT_EQ(process.eal.size(), 1U);
  EXPECT_EQ(process.eal[0].value, "--log-level=lib.eal:8");
  EXPECT_EQ(process.drain_timeout, 10s);
  EXPECT_EQ(process.log_level, LogLevel::kDebug);
  EXPECT_EQ(process.admin_socket, "/run/sluice/other.sock");
  EXPECT_EQ(process.admin_mode, 0660U);
  EXPECT_EQ(process.tls_key_log, "/run/sluice/keys.log");
  EXPECT_EQ(process.tls.record_layer, tls::RecordLayer::kOpenSsl);
  EXPECT_EQ(process.tls.handshakes.budget, 1ms);
  EXPECT_EQ(process.tls.handshakes.waiting, 77U);
  EXPECT_EQ(process.tls.handshakes.patience, 3s);
  EXPECT_EQ(process.tls.handshakes.per_source, 9U);
  EXPECT_EQ(process.ticket_rotation.value, 1h);
  EXPECT_EQ(process.ticket_lifetime.value, 24h);
  EXPECT_EQ(process.user.value, "daemon");
  EXPECT_EQ(process.group.value, "games");
  EXPECT_FALSE(process.system_call_filter);
}

TEST(ReadConfig, ReadsWhatNeedsFiles) {
  std::string text = good_file("minimal.toml");
  const std::string frontend = "[[frontend]]\n";
  text.insert(text.find(frontend) + frontend.size(),
              "tls.certificate = \"a.pem\"\ntls.strict_sni = true\ntls.tickets = 3\n");
  Diagnostics problems;
  const auto config =
      read_config("[sluice]\ntls.ticket_key_file = \"tickets.keys\"\n" + text, problems);
  ASSERT_TRUE(problems.ok()) << problems.format("test");
  EXPECT_EQ(config->process.ticket_key_file.value, "tickets.keys");
  EXPECT_EQ(config->frontends[0].certificates[0].value, "a.pem");
  EXPECT_TRUE(config->frontends[0].strict_sni.value);
  EXPECT_EQ(config->frontends[0].tickets.value, 3U);
}

TEST(ReadConfig, ReadsManagement) {
  const auto addresses = read_good("full.toml").management.addresses();
  ASSERT_EQ(addresses.size(), 2U);
  EXPECT_EQ(addresses[0].to_string(), "127.0.0.1:9101");
  EXPECT_EQ(addresses[1].to_string(), "[::1]:9101");
  EXPECT_TRUE(read_good("minimal.toml").management.listen.empty());
}

TEST(ReadConfig, ReadsTheAccessLog) {
  const AccessLogConfig log = read_good("full.toml").access_log;
  EXPECT_EQ(log.to.value, "/var/log/sluice/access.log");
  EXPECT_EQ(log.format, AccessFormat::kJson);
  ASSERT_EQ(log.capture.size(), 2U);
  EXPECT_EQ(log.capture[1].value, "Referer");
  EXPECT_EQ(log.buffer, 4U << 20);
  EXPECT_EQ(log.facility.value, "daemon");
  EXPECT_EQ(log.tag.value, "edge");
  EXPECT_FALSE(read_good("full.toml").frontends[0].access_log);
  EXPECT_FALSE(read_good("minimal.toml").access_log.given());
  EXPECT_TRUE(read_good("minimal.toml").frontends[0].access_log);
}

TEST(ReadConfig, ReadsIp) {
  const ip::Config ip = read_good("full.toml").ip.ip;
  EXPECT_EQ(ip.fragments, ip::FragmentUse::kReassemble);
  EXPECT_EQ(ip.path_mtu_minimum, 1000);
}

TEST(ReadConfig, ReadsTcp) {
  const tcp::StackConfig tcp = read_good("full.toml").tcp.stack;
  EXPECT_EQ(tcp.receive_buffer, 128U * 1024);
  EXPECT_EQ(tcp.receive_buffer_initial, 32U * 1024);
  EXPECT_EQ(tcp.max_half_open, 1000U);
  EXPECT_EQ(tcp.syn_cookies, tcp::SynCookieUse::kAlways);
  EXPECT_EQ(tcp.max_time_wait, 2000U);
  EXPECT_EQ(tcp.time_wait, 30s);
  EXPECT_EQ(tcp.orphan_timeout, 20s);
  EXPECT_EQ(tcp.give_up_after, 2min);
  EXPECT_FALSE(tcp.keep_alive);
  EXPECT_EQ(tcp.keep_alive_idle, 5min);
  EXPECT_EQ(tcp.keep_alive_interval, 20s);
  EXPECT_EQ(tcp.keep_alive_probes, 5);
  EXPECT_EQ(tcp.stalled_timeout, 3min);
  EXPECT_EQ(tcp.syn_retries, 3);
  EXPECT_FALSE(tcp.black_hole_detection);
  EXPECT_EQ(tcp.delayed_ack, 20ms);
  EXPECT_EQ(tcp.rto_initial, 500ms);
  EXPECT_EQ(tcp.rto_minimum, 100ms);
  EXPECT_EQ(tcp.rto_maximum, 30s);
  EXPECT_FALSE(tcp.sack);
  EXPECT_FALSE(tcp.timestamps);
  EXPECT_FALSE(tcp.rack);
  EXPECT_EQ(tcp.congestion_control, tcp::CongestionAlgorithm::kNewReno);
  EXPECT_EQ(tcp.ecn, tcp::EcnUse::kRequest);
  EXPECT_EQ(tcp.first_local_port, 20000);
  EXPECT_EQ(tcp.last_local_port, 60000);
}

TEST(ReadConfig, ReadsInterfaces) {
  const auto interfaces = read_good("full.toml").interfaces;
  ASSERT_EQ(interfaces.size(), 2U);
  const InterfaceConfig& wan = interfaces[0];
  EXPECT_EQ(wan.name.value, "wan");
  ASSERT_EQ(wan.ports.size(), 2U);
  EXPECT_EQ(wan.ports[1].value, "af_xdp:eth1");
  ASSERT_EQ(wan.addresses.size(), 2U);
  EXPECT_EQ(wan.addresses[1].value.to_string(), "2001:db8::1/64");
  ASSERT_EQ(wan.gateways.size(), 2U);
  ASSERT_EQ(wan.routes.size(), 2U);
  EXPECT_EQ(wan.routes[0].destination.value.to_string(), "198.19.0.0/16");
  EXPECT_EQ(wan.routes[0].gateway.value.to_string(), "198.18.0.253");
  EXPECT_EQ(wan.mtu.value, 1400U);
  ASSERT_EQ(interfaces[1].ports.size(), 1U);
}

TEST(ReadConfig, ReadsFrontends) {
  const auto frontends = read_good("full.toml").frontends;
  ASSERT_EQ(frontends.size(), 5U);
  const FrontendConfig& www = frontends[0];
  ASSERT_EQ(www.bind.size(), 2U);
  EXPECT_EQ(www.bind[1].value.to_string(), "[2001:db8::1]:80");
  EXPECT_EQ(www.backend.value, "farm");
  EXPECT_EQ(www.timeouts.request, 5s);
  EXPECT_EQ(www.timeouts.idle, 20s);
  EXPECT_EQ(www.timeouts.keep_alive, 30s);
  EXPECT_EQ(www.timeouts.handshake, 4s);
  EXPECT_EQ(www.timeouts.tunnel, 2h);
  EXPECT_EQ(www.limits.head_bytes, 8192U);
  EXPECT_EQ(www.limits.header_fields, 50U);
  EXPECT_EQ(www.limits.body_bytes, 1U << 30);
  EXPECT_EQ(www.limits.requests_per_connection, 1000U);
  EXPECT_FALSE(www.enabled);
  EXPECT_FALSE(www.forwarded);
  EXPECT_FALSE(www.via);
  ASSERT_EQ(www.routes.size(), 4U);
  EXPECT_EQ(www.routes[0].host.value, "*.example.com");
  EXPECT_EQ(www.routes[0].path.value, "/shop");
  EXPECT_EQ(www.routes[0].backend.value, "shop");
  EXPECT_EQ(www.mode.value, Mode::kHttp);
  EXPECT_EQ(frontends[4].mode.value, Mode::kTcp);
}

TEST(ReadConfig, ReadsWhatFrontendsAnswerThemselves) {
  const auto frontends = read_good("full.toml").frontends;
  ASSERT_EQ(frontends.size(), 5U);
  const auto& routes = frontends[0].routes;
  ASSERT_EQ(routes.size(), 4U);
  EXPECT_EQ(routes[1].redirect.value, "https://new.example.com{path}");
  ASSERT_TRUE(routes[2].respond);
  EXPECT_EQ(routes[2].respond->status.value, 200U);
  EXPECT_EQ(routes[2].respond->body.value, "fine");
  EXPECT_EQ(routes[2].respond->type.value, "text/html");
  ASSERT_TRUE(routes[3].respond);
  EXPECT_EQ(routes[3].respond->status.value, 403U);
  EXPECT_EQ(frontends[3].redirect.value, "https");
}

TEST(ReadConfig, ReadsWhoMayConnect) {
  const auto frontends = read_good("full.toml").frontends;
  ASSERT_FALSE(frontends.empty());
  const FrontendConfig& www = frontends[0];
  ASSERT_EQ(www.allow.size(), 2U);
  EXPECT_EQ(www.allow[1].value.to_string(), "2001:db8::/32");
  ASSERT_EQ(www.deny.size(), 1U);
  EXPECT_EQ(www.deny[0].value.to_string(), "198.18.9.9/32");
  EXPECT_EQ(www.connection_limit, 5000U);
}

TEST(ReadConfig, ReadsChangesOfHeaderFields) {
  const auto frontends = read_good("full.toml").frontends;
  ASSERT_FALSE(frontends.empty());
  const FrontendConfig& www = frontends[0];
  ASSERT_EQ(www.request.set.size(), 2U);
  ASSERT_EQ(www.request.add.size(), 1U);
  EXPECT_EQ(www.request.add[0].name.value, "X-Client");
  EXPECT_EQ(www.request.add[0].value.value, "{client}");
  ASSERT_EQ(www.request.remove.size(), 2U);
  EXPECT_EQ(www.request.remove[1].value, "X-Trace");
  ASSERT_EQ(www.response.set.size(), 1U);
  EXPECT_EQ(www.response.set[0].value.value, "sluice");
  ASSERT_EQ(www.response.add.size(), 1U);
  ASSERT_EQ(www.response.remove.size(), 1U);
}

TEST(ReadConfig, ReadsWhatAFrontendAgreesToInTls) {
  const auto frontends = read_good("full.toml").frontends;
  ASSERT_EQ(frontends.size(), 5U);
  const FrontendConfig& secure = frontends[1];
  ASSERT_EQ(secure.certificates.size(), 2U);
  EXPECT_TRUE(secure.strict_sni.value);
  const tls::ServerPolicy policy = server_policy(secure.tls);
  EXPECT_EQ(policy.min_version, tls::Version::kTls12) << "stronger than the policy's";
  EXPECT_EQ(policy.max_version, tls::Version::kTls13);
  EXPECT_THAT(policy.ciphers,
              ElementsAre("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384"));
  EXPECT_THAT(policy.ciphersuites, ElementsAre("TLS_AES_256_GCM_SHA384"));
  EXPECT_THAT(policy.groups, ElementsAre("P-384", "X25519"));
  EXPECT_TRUE(policy.prefer_own_order);
  EXPECT_EQ(secure.tls.client_auth.value, tls::ClientAuth::kOptional);
  EXPECT_EQ(secure.tls.client_ca.value, "clients.pem");
  EXPECT_EQ(secure.tls.client_crl.value, "revoked.pem");
}

TEST(ReadConfig, WithoutKeysThePolicyIsIntermediate) {
  const tls::ServerPolicy policy = server_policy({});
  const tls::ServerPolicy expected = tls::intermediate_policy();
  EXPECT_EQ(policy.min_version, expected.min_version);
  EXPECT_EQ(policy.ciphers, expected.ciphers);
  EXPECT_EQ(policy.groups, expected.groups);
  EXPECT_FALSE(policy.prefer_own_order);
}

TEST(ReadConfig, ReadsBackends) {
  const auto backends = read_good("full.toml").backends;
  ASSERT_EQ(backends.size(), 3U);
  const BackendConfig& farm = backends[0];
  ASSERT_EQ(farm.servers.size(), 2U);
  EXPECT_EQ(farm.servers[0].name.value, "198.18.1.11:80");
  EXPECT_EQ(farm.servers[1].name.value, "web2");
  EXPECT_EQ(farm.timeouts.connect, 1s);
  EXPECT_EQ(farm.timeouts.response, 15s);
  EXPECT_EQ(farm.timeouts.idle, 16s);
  EXPECT_EQ(farm.timeouts.keep_alive, 17s);
  EXPECT_EQ(farm.retry.attempts, 1U);
  EXPECT_EQ(farm.pool_connections, 10U);
  EXPECT_EQ(farm.response_head_bytes, 16384U);
  EXPECT_EQ(farm.server_pause, 5s);
  EXPECT_FALSE(farm.tls.enabled.value);
  ASSERT_EQ(backends[1].servers.size(), 2U);
  EXPECT_EQ(backends[1].servers[1].address.value.to_string(), "[2001:db8:7::1]:80");
}

TEST(ReadConfig, ReadsHowServersShareTheWork) {
  const auto backends = read_good("full.toml").backends;
  ASSERT_EQ(backends.size(), 3U);
  const BackendConfig& farm = backends[0];
  EXPECT_EQ(farm.balance, http::Algorithm::kMaglev);
  EXPECT_EQ(farm.hash.value.by, http::HashBy::kCookie);
  EXPECT_EQ(farm.hash.value.name, "sid");
  EXPECT_EQ(farm.slow_start, 20s);
  EXPECT_EQ(farm.connection_limit, 500U);
  EXPECT_EQ(farm.queue.length, 50U);
  EXPECT_EQ(farm.queue.timeout, 3s);
  EXPECT_EQ(farm.retry.statuses, (std::vector<std::uint16_t>{502, 503}));
  EXPECT_TRUE(farm.retry.on_timeout);
  EXPECT_TRUE(farm.retry.on_broken);
  EXPECT_EQ(farm.retry.budget, 10U);
  EXPECT_EQ(farm.outliers.failures, 7U);
  EXPECT_EQ(farm.outliers.time, 11s);
  EXPECT_EQ(farm.outliers.longest, 12min);
  EXPECT_EQ(farm.outliers.most_percent, 30U);
  ASSERT_EQ(farm.servers.size(), 2U);
  EXPECT_EQ(farm.servers[1].weight, 5U);
  EXPECT_TRUE(farm.servers[1].backup);
  EXPECT_EQ(farm.servers[1].mode, http::ServerMode::kDrain);
  EXPECT_EQ(farm.servers[1].connection_limit, 20U);
}

TEST(ReadConfig, ReadsHowServersAreChecked) {
  const auto backends = read_good("full.toml").backends;
  ASSERT_GE(backends.size(), 2U);
  const CheckConfig& check = backends[0].check;
  EXPECT_EQ(check.kind(), http::CheckKind::kHttp);
  EXPECT_EQ(check.http.value, "/healthz?deep=1");
  EXPECT_EQ(check.method.value, "POST");
  EXPECT_EQ(check.host.value, "health.example.com");
  EXPECT_EQ(check.statuses.value,
            (std::vector<std::pair<std::uint16_t, std::uint16_t>>{{204, 204}, {300, 310}}));
  EXPECT_EQ(check.body.value, "all well");
  EXPECT_EQ(check.settings.port, 8081);
  EXPECT_EQ(check.settings.interval, 4s);
  EXPECT_EQ(check.settings.jitter_percent, 25U);
  EXPECT_EQ(check.settings.timeout, 900ms);
  EXPECT_EQ(check.settings.rise, 4U);
  EXPECT_EQ(check.settings.fall, 5U);
  EXPECT_TRUE(backends[1].check.tcp.value);
  EXPECT_EQ(backends[1].check.kind(), http::CheckKind::kTls);
}

TEST(ReadConfig, ReadsTlsOfBackends) {
  const auto backends = read_good("full.toml").backends;
  ASSERT_EQ(backends.size(), 3U);
  const BackendConfig& shop = backends[1];
  EXPECT_TRUE(shop.tls.enabled.value);
  EXPECT_EQ(shop.tls.verify.value, tls::Verification::kAuthority);
  EXPECT_EQ(shop.tls.authorities.value, "/etc/sluice/farm-ca.pem");
  EXPECT_EQ(shop.tls.server_name.value, "shop.example.com");
  EXPECT_EQ(shop.tls.certificate.value, "/etc/sluice/client.pem");
  EXPECT_EQ(shop.tls.min_version.value, tls::Version::kTls13);
  ASSERT_EQ(shop.servers.size(), 2U);
  EXPECT_EQ(shop.servers[0].tls_server_name.value, "one.example.com");
  EXPECT_EQ(shop.servers[1].tls_server_name.value, "");
}

// Otherwise a key could be documented and lie idle.
TEST(ReadConfig, TheFullFileGivesEveryKey) {
  const std::string text = good_file("full.toml");
  for (const SectionDescription& section : all_sections()) {
    for (const KeyDescription& key : section.keys) {
      const std::string leaf = key.name.substr(key.name.rfind('.') + 1);
      // See ReadsWhatNeedsFiles.
      if (leaf == "tickets" || leaf == "ticket_key_file") continue;
      EXPECT_NE(text.find(leaf), std::string::npos) << section.title << " " << key.name;
    }
  }
}

TEST(LoadConfig, SaysWhatCannotBeRead) {
  Diagnostics problems;
  EXPECT_FALSE(load_config("/nonexistent/sluice.toml", problems));
  EXPECT_EQ(problems.format("sluice.toml"),
            "sluice.toml: cannot be read: No such file or directory\n");
  Diagnostics directory;
  EXPECT_FALSE(load_config("/", directory));
  EXPECT_EQ(directory.format("/"), "/: is a directory, not a configuration file\n");
}

}  // namespace
}  // namespace sluice::control
