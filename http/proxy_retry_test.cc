#include <gtest/gtest.h>

#include "http/testing/proxy_world.h"

// Retries beyond the failed connect, their budget, and servers that leave the rotation.
namespace sluice::http {
namespace {

using namespace std::chrono_literals;
using testing::FakeStream;
using testing::ok_response;
using testing::ProxyWorld;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: www.example\r\n\r\n";
constexpr std::string_view kPost =
    "POST / HTTP/1.1\r\nHost: www.example\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view kUnavailable =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy";

void retry_503(Backend& backend) {
  backend.retry.statuses = {503};
}

TEST(Retry, AStatusThatIsNamedGoesToAnotherServer) {
  ProxyWorld world({.servers = 2, .backend = retry_503});
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.server(0).deliver(kUnavailable);
  ASSERT_EQ(world.network.connections(), 2U);
  EXPECT_NE(world.server(1).remote(), world.server(0).remote());
  world.open_server(1);
  world.server(1).acknowledge_all();
  world.server(1).deliver(ok_response("well"));
  EXPECT_TRUE(client.sent().ends_with("well"));
  EXPECT_EQ(world.backend_counters().responses.get(5), 0U) << "the client never saw it";
  EXPECT_EQ(world.server_counters(0).responses.get(5), 1U);
  EXPECT_EQ(world.server_counters(0).retries.get(), 1U);
}

TEST(Retry, TheLastAttemptsResponseIsTheClients) {
  ProxyWorld world({.servers = 1, .backend = [](Backend& backend) {
                      retry_503(backend);
                      backend.retry.attempts = 1;
                    }});
  FakeStream& client = world.client();
  client.deliver(kGet);
  for (std::size_t attempt : {0U, 1U}) {
    world.open_server(attempt);
    world.server(attempt).acknowledge_all();
    world.server(attempt).deliver(kUnavailable);
  }
  EXPECT_TRUE(client.sent().starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(client.sent().ends_with("busy"));
  EXPECT_EQ(world.network.connections(), 2U);
}

TEST(Retry, ANonIdempotentRequestIsNotRepeated) {
  ProxyWorld world({.servers = 2, .backend = retry_503});
  FakeStream& client = world.client();
  client.deliver(kPost);
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.server(0).deliver(kUnavailable);
  EXPECT_TRUE(client.sent().ends_with("busy"));
  EXPECT_EQ(world.network.connections(), 1U);
}

TEST(Retry, ALateResponseIsAskedForElsewhereIfSoSaid) {
  ProxyWorld world({.servers = 2, .backend = [](Backend& backend) {
                      backend.retry.on_timeout = true;
                      backend.timeouts.response = 1s;
                    }});
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.pass(1100ms);
  ASSERT_EQ(world.network.connections(), 2U);
  EXPECT_NE(world.server(1).remote(), world.server(0).remote());
  EXPECT_EQ(client.sent(), "");
}

TEST(Retry, ABrokenResponseIsAskedForElsewhereIfSoSaid) {
  ProxyWorld world(
      {.servers = 2, .backend = [](Backend& backend) { backend.retry.on_broken = true; }});
  FakeStream& client = world.client();
  client.deliver(kGet);
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.server(0).deliver("garbage\r\n\r\n");
  ASSERT_EQ(world.network.connections(), 2U);
  world.open_server(1);
  world.server(1).end();
  EXPECT_EQ(world.network.connections(), 3U) << "an end without a response, too";
}

TEST(Retry, TheBudgetBoundsThem) {
  ProxyWorld world({.servers = 2, .backend = [](Backend& backend) {
                      retry_503(backend);
                      backend.retry.budget = 1;
                      backend.pool_connections = 0;
                    }});
  FakeStream& client = world.client();
  for (int i = 0; i < 80; ++i) {
    client.deliver(kGet);
    for (std::size_t before = 0; before != world.network.connections();) {
      before = world.network.connections();
      world.open_server(before - 1);
      world.network.last_connection().acknowledge_all();
      world.network.last_connection().deliver(kUnavailable);
      world.loop();
    }
    client.acknowledge_all();
  }
  EXPECT_EQ(world.backend_counters().retries.get(), RetryBudget::kReserve);
  EXPECT_GT(world.backend_counters().retries_withheld.get(), 0U);
}

TEST(Outlier, AServerOfFailuresInARowLeavesTheRotation) {
  ProxyWorld world({.servers = 2, .backend = [](Backend& backend) {
                      backend.outliers.failures = 3;
                      backend.pool_connections = 0;
                    }});
  FakeStream& client = world.client();
  const auto ask = [&] {
    client.deliver(kGet);
    const std::size_t index = world.network.connections() - 1;
    world.open_server(index);
    world.server(index).acknowledge_all();
    const bool bad = world.server(index).remote() == ProxyWorld::server_address(0);
    world.server(index).deliver(bad ? kUnavailable : ok_response("well"));
    world.loop();
    client.acknowledge_all();
    return bad;
  };
  int bad = 0;
  for (int i = 0; i < 20; ++i) bad += ask() ? 1 : 0;
  EXPECT_EQ(bad, 3);
  EXPECT_EQ(world.server_counters(0).ejections.get(), 1U);
  world.pass(10s);
  bad = 0;
  for (int i = 0; i < 4; ++i) bad += ask() ? 1 : 0;
  EXPECT_EQ(bad, 2) << "its time is over";
}

}  // namespace
}  // namespace sluice::http
