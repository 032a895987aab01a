#include "control/server_tls_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tls/failure.h"

namespace sluice::control {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tls::Failure;

constexpr Failure kExpired{Failure::Kind::kCertificate, X509_V_ERR_CERT_HAS_EXPIRED};
constexpr Failure kWrongName{Failure::Kind::kCertificate, X509_V_ERR_HOSTNAME_MISMATCH};

/// Two workers' counters, and a backend with many servers.
class ServerTlsWatchTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kServers = 15;

  struct Worker {
    http::CounterTable<http::FrontendCounters> frontends;
    http::CounterTable<http::BackendCounters> backends;
    http::CounterTable<http::ServerCounters> servers;
  };

  ServerTlsWatchTest() : watch_(sources()) {
    auto backend = std::make_unique<http::Backend>();
    backend->name = "farm";
    backend->tls_contexts = {nullptr, nullptr};
    for (std::uint32_t i = 0; i < kServers; ++i) {
      backend->servers.push_back(
          {http::ServerId(i), "s" + std::to_string(i), *wire::Endpoint::parse("198.18.0.11:443")});
    }
    settings_.backends.push_back(nullptr);  // one that a reload has removed
    settings_.backends.push_back(std::move(backend));
  }

  std::vector<HttpCounters> sources() {
    std::vector<HttpCounters> list;
    for (Worker& worker : workers_) {
      list.push_back({worker.frontends, worker.backends, worker.servers});
    }
    return list;
  }

  void fail(std::size_t worker, const Failure& failure, std::size_t server = 0) {
    http::ServerCounters& counters = workers_[worker].servers[server];
    counters.last_handshake_failure.set(packed(failure));
    counters.handshake_failures.add();
  }
  std::vector<std::string> look(std::uint64_t now) { return watch_.look(settings_, now); }

  Worker workers_[2];
  http::Settings settings_;
  ServerTlsWatch watch_;
};

TEST_F(ServerTlsWatchTest, HasNothingToSayOfServersThatWork) {
  workers_[0].servers[0].handshakes.add();
  EXPECT_THAT(look(1), IsEmpty());
}

TEST_F(ServerTlsWatchTest, NamesTheServerAndTheReason) {
  fail(0, kExpired);
  fail(1, kExpired);
  EXPECT_THAT(look(1), ElementsAre("TLS with server farm/s0 (198.18.0.11:443) has failed 2 times: "
                                   "certificate: certificate has expired"));
  EXPECT_THAT(look(2), IsEmpty());
}

TEST_F(ServerTlsWatchTest, SaysItAgainOnceAMinute) {
  fail(0, kExpired);
  EXPECT_EQ(look(1).size(), 1U);
  for (std::uint64_t now = 2; now <= 60; ++now) {
    fail(0, kExpired);
    EXPECT_THAT(look(now), IsEmpty());
  }
  EXPECT_THAT(look(61), ElementsAre(HasSubstr("has failed 59 times: ")));
  EXPECT_THAT(look(200), IsEmpty()) << "nothing has failed since";
}

TEST_F(ServerTlsWatchTest, SaysAtOnceWhenTheReasonChanges) {
  fail(0, kExpired);
  EXPECT_EQ(look(1).size(), 1U);
  fail(1, kWrongName);
  EXPECT_THAT(look(2), ElementsAre(HasSubstr("has failed once: certificate: hostname mismatch")));
}

TEST_F(ServerTlsWatchTest, HasAWordForAnEndThatTlsDoesNotExplain) {
  fail(0, {});
  EXPECT_THAT(look(1), ElementsAre(HasSubstr("the server ended the connection")));
}

TEST_F(ServerTlsWatchTest, NamesOnlySomeOfMany) {
  for (std::uint32_t i = 0; i < kServers; ++i) fail(0, kExpired, i);
  const auto messages = look(1);
  ASSERT_EQ(messages.size(), ServerTlsWatch::kMostNamed + 1);
  EXPECT_EQ(messages.back(), "TLS has failed with 5 further servers");
}

}  // namespace
}  // namespace sluice::control
