#include "tls/handshake/key_log_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <thread>
#include <vector>

#include "tls/handshake/connection_notes.h"
#include "tls/server/server_identity.h"
#include "tls/testing/certificates.h"
#include "tls/testing/connection.h"
#include "tls/testing/pair.h"
#include "tls/testing/temporary_directory.h"
#include "tls/testing/test_client.h"

namespace sluice::tls {
namespace {

using testing::ClientOptions;

std::string take_all(KeyLogRing& ring) {
  std::string text;
  std::array<char, 2 * KeyLogRing::kLongestLine> out;
  while (const std::size_t size = ring.take(out)) text.append(out.data(), size);
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  std::ranges::sort(lines);
  return lines;
}

TEST(KeyLogRing, GivesLinesInTheirOrder) {
  KeyLogRing ring(4);
  EXPECT_EQ(take_all(ring), "");
  ring.put("one");
  ring.put("two");
  EXPECT_EQ(take_all(ring), "one\ntwo\n");
  for (int i = 0; i < 10; ++i) {
    ring.put("again");
    EXPECT_EQ(take_all(ring), "again\n");
  }
  EXPECT_EQ(ring.lost(), 0U);
}

TEST(KeyLogRing, GivesOnlyWholeLines) {
  KeyLogRing ring(4);
  ring.put(std::string(200, 'a'));
  ring.put(std::string(200, 'b'));
  std::array<char, 300> out;
  EXPECT_EQ(ring.take(out), 201U);
  EXPECT_EQ(ring.take(out), 201U);
  EXPECT_EQ(ring.take(out), 0U);
}

TEST(KeyLogRing, LosesAndCountsWhatFindsNoRoom) {
  KeyLogRing ring(2);
  ring.put("one");
  ring.put("two");
  ring.put("three");
  EXPECT_EQ(ring.lost(), 1U);
  EXPECT_EQ(take_all(ring), "one\ntwo\n");
  ring.put(std::string(KeyLogRing::kLongestLine, 'x'));
  EXPECT_EQ(ring.lost(), 2U);
  ring.put(std::string(KeyLogRing::kLongestLine - 1, 'x'));
  EXPECT_EQ(take_all(ring).size(), KeyLogRing::kLongestLine);
}

TEST(KeyLogRing, EveryLineOfAnotherThreadIsTakenOrCountedAsLost) {
  KeyLogRing ring(64);
  std::thread worker([&ring] {
    for (int i = 0; i < 100'000; ++i) ring.put(std::to_string(i));
  });
  int taken = 0;
  int last = -1;
  const auto look = [&] {
    for (const std::string& line : lines_of(take_all(ring))) {
      ++taken;
      last = std::max(last, std::stoi(line));
    }
  };
  while (taken + static_cast<int>(ring.lost()) < 100'000) look();
  worker.join();
  look();
  EXPECT_EQ(taken + static_cast<int>(ring.lost()), 100'000);
  EXPECT_GT(taken, 0);
  EXPECT_LT(last, 100'000);
}

class LogKeysTest : public ::testing::Test {
 protected:
  [[nodiscard]] CertificateSource certificate(const std::string& name) {
    return {files_.write(name, authority_.issue({.dns_names = {name}}).both()), {}};
  }

  // What the client's own OpenSSL logs.
  static std::string& heard() {
    static std::string text;
    return text;
  }

  static std::string handshake(const ServerIdentity& identity, const ClientOptions& options) {
    testing::Connection connection(identity, {.client = options});
    heard().clear();
    SSL_CTX_set_keylog_callback(SSL_get_SSL_CTX(connection.client.ssl()),
                                [](const SSL*, const char* line) {
                                  heard() += line;
                                  heard() += '\n';
                                });
    connection.handshake();
    EXPECT_TRUE(connection.client.open()) << connection.client.error();
    return heard();
  }

  testing::CertificateAuthority authority_;
  testing::TemporaryDirectory files_;
  KeyLogRing ring_;
};

TEST_F(LogKeysTest, SecretsAreThoseThatTheClientHas) {
  const std::vector sources{certificate("www.example.com")};
  const ServerIdentity identity(sources, {.key_log = &ring_});
  for (const auto& [version, count] : {std::pair{TLS1_2_VERSION, 1U}, {TLS1_3_VERSION, 5U}}) {
    const std::string client = handshake(identity, {.version = version});
    const auto lines = lines_of(take_all(ring_));
    EXPECT_EQ(lines.size(), count);
    EXPECT_EQ(lines, lines_of(client));
  }
}

TEST_F(LogKeysTest, EveryCertificateOfAnIdentityTakesPart) {
  const std::vector sources{certificate("a.example.com"), certificate("b.example.com")};
  const ServerIdentity identity(sources, {.key_log = &ring_});
  const std::string client = handshake(identity, {.server_name = "b.example.com"});
  EXPECT_FALSE(client.empty());
  EXPECT_EQ(lines_of(take_all(ring_)), lines_of(client));
}

TEST_F(LogKeysTest, ClientsLogThemToo) {
  KeyLogRing of_server;
  const std::vector sources{certificate("www.example.com")};
  const ServerIdentity identity(sources, {.key_log = &of_server});
  for (const auto& [version, count] : {std::pair{TLS1_2_VERSION, 1U}, {TLS1_3_VERSION, 5U}}) {
    ClientSettings settings = testing::trusting_client(version);
    settings.key_log = &ring_;
    const ClientContext context(settings);
    testing::Pair pair(identity, context);
    pair.handshake();
    EXPECT_TRUE(pair.client.handler.opened);
    const auto lines = lines_of(take_all(ring_));
    EXPECT_EQ(lines.size(), count);
    EXPECT_EQ(lines, lines_of(take_all(of_server)));
  }
}

TEST_F(LogKeysTest, NothingIsLoggedUnlessAskedFor) {
  const std::vector sources{certificate("www.example.com")};
  const ServerIdentity identity(sources, {});
  EXPECT_FALSE(handshake(identity, {}).empty());
  EXPECT_EQ(SSL_CTX_get_keylog_callback(identity.context().get()), nullptr);
  EXPECT_EQ(SSL_CTX_get_app_data(identity.context().get()), nullptr);
}

}  // namespace
}  // namespace sluice::tls
