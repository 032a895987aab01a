// What the access log is told of requests, sessions and tunnels, one way of ending after the other.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "http/access_log/access_recorder.h"
#include "http/answer.h"
#include "http/testing/proxy_world.h"

namespace sluice::http {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::FakeStream;
using testing::ok_response;
using testing::ProxyWorld;

constexpr std::string_view kGet = "GET /a?b HTTP/1.1\r\nHost: www.example:81\r\nX-Id: 7\r\n\r\n";
constexpr std::string_view kPost = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nhalf";
constexpr std::string_view kUpgrade =
    "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
constexpr std::string_view kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

struct Line {
  AccessRecord record;
  std::string method;
  std::string target;
  std::string host;
  std::string captured;

  [[nodiscard]] std::string cause() const {
    return {static_cast<char>(record.cause.by), static_cast<char>(record.cause.phase)};
  }
};

class AccessLog : public ::testing::Test {
 protected:
  void make(ProxyWorld::Options options = {}) {
    options.access_log = &recorder;
    world = std::make_unique<ProxyWorld>(options);
    client = nullptr;
  }
  void SetUp() override { make(); }

  FakeStream& ask(std::string_view bytes) {
    client = &world->client();
    client->deliver(bytes);
    return *client;
  }
  // The server's connection opens, and takes what there is of the request.
  FakeStream& open(std::size_t index = 0) {
    world->open_server(index);
    world->server(index).acknowledge_all();
    return world->server(index);
  }
  std::vector<Line> lines() {
    std::vector<Line> lines;
    recorder.ring().take([&](const AccessEntry& entry) {
      lines.push_back({entry.record, std::string(entry.text(AccessText::kMethod)),
                       std::string(entry.text(AccessText::kTarget)),
                       std::string(entry.text(AccessText::kHost)), std::string(entry.capture(0))});
    });
    return lines;
  }
  Line line() {
    auto all = lines();
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? Line{} : all.front();
  }
  // The letters of the only line there is, and its status.
  std::string ending() {
    const Line one = line();
    return one.cause() + " " + std::to_string(one.record.status);
  }

  AccessRecorder recorder{1 << 16, {"x-id"}};
  std::unique_ptr<ProxyWorld> world;
  FakeStream* client = nullptr;
};

TEST_F(AccessLog, TellsOfAWholeRequest) {
  client = &world->client();
  world->pass(seconds(1));
  client->deliver(kGet.substr(0, 10));
  world->pass(milliseconds(100));
  client->deliver(kGet.substr(10));
  world->pass(milliseconds(200));
  FakeStream& server = open();
  world->pass(milliseconds(400));
  server.deliver(ok_response("body").substr(0, 20));
  server.deliver(ok_response("body").substr(20, 20));
  world->pass(milliseconds(800));
  server.deliver(ok_response("body").substr(40));
  const Line one = line();
  const AccessRecord& record = one.record;
  EXPECT_EQ(one.cause(), "--");
  EXPECT_EQ(record.status, 200);
  EXPECT_EQ(one.method, "GET");
  EXPECT_EQ(one.target, "/a?b");
  EXPECT_EQ(one.host, "www.example:81");
  EXPECT_EQ(one.captured, "7");
  EXPECT_EQ(record.client, ProxyWorld::kClient);
  EXPECT_EQ(record.frontend, FrontendId(0));
  EXPECT_EQ(record.backend, BackendId(0));
  EXPECT_EQ(record.server, ServerId(0));
  EXPECT_GE(record.began - record.accepted, seconds(1));
  const auto about = [](Duration time, milliseconds wanted) {
    return time >= wanted && time < wanted + milliseconds(60);
  };
  EXPECT_TRUE(about(record.head, milliseconds(100))) << record.head.count();
  EXPECT_EQ(record.queue, Duration::zero());
  EXPECT_TRUE(about(record.connect, milliseconds(200))) << record.connect.count();
  EXPECT_GE(record.response, milliseconds(400));
  EXPECT_GE(record.total, record.head + record.connect + record.response);
  EXPECT_EQ(record.bytes_in, kGet.size());
  EXPECT_EQ(record.bytes_out, client->sent_size());
  EXPECT_EQ(record.process_sessions, 1U);
  EXPECT_EQ(record.frontend_sessions, 1U);
  EXPECT_EQ(record.backend_exchanges, 1U);
  EXPECT_EQ(record.server_exchanges, 1U);
  EXPECT_EQ(record.retries, 0);
}

TEST_F(AccessLog, TellsOfEachRequestOfAConnection) {
  ask(kGet);
  open().deliver(ok_response("one"));
  client->deliver("GET /next HTTP/1.1\r\nHost: b\r\n\r\n");
  world->loop();
  world->server(0).acknowledge_all();
  world->server(0).deliver(ok_response("two"));
  const auto all = lines();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1].target, "/next");
  EXPECT_EQ(all[1].captured, "") << "nothing is left of the first";
  EXPECT_EQ(all[1].record.connect, Duration::zero()) << "a pooled connection";
}

TEST_F(AccessLog, IsToldNothingOfAFrontendThatIsLeftOut) {
  make({.frontend = [](Frontend& frontend) { frontend.access_log = false; }});
  ask(kGet);
  open().deliver(ok_response("one"));
  EXPECT_TRUE(lines().empty());
}

TEST_F(AccessLog, CountsWhatFindsNoRoom) {
  while (recorder.ring().put({})) {
  }
  ask(kGet);
  open().deliver(ok_response("one"));
  EXPECT_EQ(world->proxy->counters().access_log_drops.get(), 1U);
}

// The client

TEST_F(AccessLog, ClientLeavesInTheHead) {
  ask(kGet.substr(0, 9)).end();
  EXPECT_EQ(ending(), "CR 0");
}

TEST_F(AccessLog, ClientIsResetInTheHead) {
  ask(kGet.substr(0, 9)).fail(StreamError::kReset);
  EXPECT_EQ(ending(), "CR 0");
}

TEST_F(AccessLog, ClientThatSendsNothingIsNotToldOf) {
  ask("").end();
  EXPECT_TRUE(lines().empty());
}

TEST_F(AccessLog, ClientIsLateWithTheHead) {
  ask(kGet.substr(0, 9));
  world->pass(minutes(1));
  EXPECT_EQ(ending(), "cR 408");
}

TEST_F(AccessLog, ClientLeavesInTheQueue) {
  make({.backend = [](Backend& backend) { backend.connection_limit = 1; }});
  ask(kGet);
  ask(kGet).fail(StreamError::kReset);
  EXPECT_EQ(ending(), "CQ 0");
}

TEST_F(AccessLog, ClientLeavesWhileTheServerIsConnectedTo) {
  ask(kGet).fail(StreamError::kReset);
  const Line one = line();
  EXPECT_EQ(one.cause(), "CC");
  EXPECT_EQ(one.record.queue, Duration::zero());
  EXPECT_EQ(one.record.connect, kNotReached);
}

TEST_F(AccessLog, ClientLeavesInItsBody) {
  ask(kPost);
  open();
  client->fail(StreamError::kReset);
  EXPECT_EQ(ending(), "CD 0");
}

TEST_F(AccessLog, ClientEndsItsBodyEarly) {
  ask(kPost);
  open();
  client->end();
  EXPECT_EQ(ending(), "CD 400");
}

TEST_F(AccessLog, ClientIsLateWithItsBody) {
  ask(kPost);
  open();
  world->pass(minutes(1));
  EXPECT_EQ(ending(), "cD 408");
}

TEST_F(AccessLog, ClientLeavesBeforeTheResponse) {
  ask(kGet);
  open();
  client->fail(StreamError::kReset);
  const Line one = line();
  EXPECT_EQ(one.cause(), "CH");
  EXPECT_NE(one.record.connect, kNotReached);
  EXPECT_EQ(one.record.response, kNotReached);
  EXPECT_EQ(one.record.server_exchanges, 1U) << "it counts itself";
}

TEST_F(AccessLog, ClientLeavesInTheResponse) {
  ask(kGet);
  open().deliver(ok_response("cut here").substr(0, 45));
  client->fail(StreamError::kReset);
  EXPECT_EQ(ending(), "CD 200");
}

TEST_F(AccessLog, OperatorEndsTheClient) {
  ask(kGet);
  open();
  client->fail(StreamError::kShutDown);
  EXPECT_EQ(line().cause(), "KH");
}

TEST_F(AccessLog, ClientDoesNotTakeTheResponse) {
  ask(kGet);
  open().deliver(ok_response("cut here").substr(0, 45));
  world->pass(minutes(1));
  EXPECT_EQ(ending(), "cD 200");
}

// The server

TEST_F(AccessLog, ServerRefusesTheConnection) {
  ask(kGet);
  for (std::size_t i = 0; i < world->network.connections(); ++i) {
    world->server(i).fail(StreamError::kRefused);
  }
  const Line one = line();
  EXPECT_EQ(one.cause(), "SC");
  EXPECT_EQ(one.record.status, 503);
  EXPECT_EQ(one.record.server, ServerId(0));
  EXPECT_EQ(one.record.connect, kNotReached);
}

TEST_F(AccessLog, RetryOnAnotherServerIsCounted) {
  make({.servers = 2});
  ask(kGet);
  world->server(0).fail(StreamError::kRefused);
  open(1).deliver(ok_response("fine"));
  const Line one = line();
  EXPECT_EQ(one.cause(), "--");
  EXPECT_EQ(one.record.retries, 1);
  EXPECT_TRUE(one.record.redispatched);
  EXPECT_EQ(one.record.server, ServerId(1));
}

TEST_F(AccessLog, ServerDoesNotTakeTheConnectionInTime) {
  make({.backend = [](Backend& backend) { backend.retry.attempts = 0; }});
  ask(kGet);
  world->pass(seconds(5));
  EXPECT_EQ(ending(), "sC 503");
}

TEST_F(AccessLog, ThereIsNoServer) {
  make({.servers = 0});
  ask(kGet);
  const Line one = line();
  EXPECT_EQ(one.cause(), "SC");
  EXPECT_FALSE(one.record.server.valid());
  EXPECT_EQ(one.record.queue, kNotReached);
}

TEST_F(AccessLog, QueueIsLeftTooLate) {
  make({.backend = [](Backend& backend) { backend.connection_limit = 1; }});
  ask(kGet);
  open();
  ask(kGet);
  world->pass(seconds(8));
  const Line one = line();
  EXPECT_EQ(one.cause(), "sQ");
  EXPECT_EQ(one.record.status, 503);
  EXPECT_EQ(one.record.queue, kNotReached);
}

TEST_F(AccessLog, ServerEndsWithoutAResponse) {
  make({.backend = [](Backend& backend) { backend.retry.attempts = 0; }});
  ask(kGet);
  open().fail(StreamError::kReset);
  EXPECT_EQ(ending(), "SH 502");
}

TEST_F(AccessLog, ServerIsLateWithTheResponse) {
  ask(kGet);
  open();
  world->pass(minutes(1));
  EXPECT_EQ(ending(), "sH 504");
}

TEST_F(AccessLog, ServerSendsNonsense) {
  ask(kGet);
  open().deliver("nonsense\r\n\r\n");
  EXPECT_EQ(ending(), "PH 502");
}

TEST_F(AccessLog, ServerBreaksTheResponseOff) {
  ask(kGet);
  open().deliver(ok_response("cut here").substr(0, 45));
  world->server(0).end();
  EXPECT_EQ(ending(), "SD 200");
}

TEST_F(AccessLog, ServerStopsInTheResponse) {
  ask(kGet);
  open().deliver(ok_response("cut here").substr(0, 45));
  for (int i = 0; i < 40; ++i) {
    client->acknowledge_all();
    world->pass(seconds(1));
  }
  EXPECT_EQ(ending(), "sD 200");
}

// We ourselves

TEST_F(AccessLog, HeadIsRefused) {
  ask("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
  const Line one = line();
  EXPECT_EQ(one.cause(), "PR");
  EXPECT_EQ(one.record.status, 400);
  EXPECT_EQ(one.method, "") << "a request that is not good has no parts";
  EXPECT_EQ(one.record.head, kNotReached);
}

TEST_F(AccessLog, MethodIsRefused) {
  ask("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(ending(), "PR 405");
}

TEST_F(AccessLog, NoRouteIsRefused) {
  make({.frontend = [](Frontend& frontend) { frontend.default_backend = {}; }});
  ask(kGet);
  const Line one = line();
  EXPECT_EQ(one.cause(), "PR");
  EXPECT_EQ(one.record.status, 404);
  EXPECT_FALSE(one.record.backend.valid());
}

TEST_F(AccessLog, ConfiguredAnswerIsLocal) {
  make({.frontend = [](Frontend& frontend) {
    frontend.default_backend = {};
    frontend.default_answer =
        std::make_shared<const Answer>(Answer::fixed(200, "text/plain", "fine"));
  }});
  ask(kGet);
  EXPECT_EQ(ending(), "LR 200");
}

TEST_F(AccessLog, ProcessEnds) {
  ask(kGet);
  open();
  world->proxy.reset();
  EXPECT_EQ(ending(), "KH 0");
}

// Tunnels

TEST_F(AccessLog, WebSocketIsToldOfAtItsEnd) {
  ask(kUpgrade);
  FakeStream& server = open();
  server.deliver(kSwitch);
  world->loop();
  EXPECT_TRUE(lines().empty());
  client->acknowledge_all();
  client->deliver("ping");
  server.deliver("pong!");
  world->pass(seconds(1));
  client->end();
  server.end();
  const Line one = line();
  EXPECT_EQ(one.cause(), "--");
  EXPECT_EQ(one.record.status, 101);
  EXPECT_EQ(one.target, "/chat");
  EXPECT_EQ(one.record.bytes_in, kUpgrade.size() + 4);
  EXPECT_EQ(one.record.bytes_out, client->sent_size());
  EXPECT_GE(one.record.total, seconds(1));
}

TEST_F(AccessLog, WebSocketThatAnEndResets) {
  for (const bool server_fails : {false, true}) {
    make();
    ask(kUpgrade);
    FakeStream& server = open();
    server.deliver(kSwitch);
    world->loop();
    (server_fails ? server : *client).fail(StreamError::kReset);
    EXPECT_EQ(ending(), server_fails ? "SD 101" : "CD 101");
  }
}

class TcpAccessLog : public AccessLog {
 protected:
  void SetUp() override {
    make({.frontend = [](Frontend& frontend) { frontend.tcp = true; },
          .backend = [](Backend& backend) { backend.tcp = true; }});
  }
};

TEST_F(TcpAccessLog, TellsOfASession) {
  ask("hello");
  world->pass(milliseconds(100));
  FakeStream& server = open();
  server.deliver("welcome");
  client->end();
  server.end();
  const Line one = line();
  EXPECT_TRUE(one.record.tcp);
  EXPECT_EQ(one.cause(), "--");
  EXPECT_EQ(one.record.bytes_in, 5U);
  EXPECT_EQ(one.record.bytes_out, 7U);
  EXPECT_EQ(one.record.queue, Duration::zero());
  EXPECT_GE(one.record.connect, milliseconds(100));
  EXPECT_EQ(one.record.backend_exchanges, 1U);
}

TEST_F(TcpAccessLog, ClientLeavesBeforeThereIsAServer) {
  ask("").fail(StreamError::kReset);
  EXPECT_EQ(ending(), "CC 0");
}

TEST_F(TcpAccessLog, ServerRefuses) {
  ask("");
  for (std::size_t i = 0; i < world->network.connections(); ++i) {
    world->server(i).fail(StreamError::kRefused);
  }
  EXPECT_EQ(ending(), "SC 0");
}

TEST_F(TcpAccessLog, ServerResetsTheTunnel) {
  ask("");
  open().fail(StreamError::kReset);
  EXPECT_EQ(ending(), "SD 0");
}

TEST_F(TcpAccessLog, NothingMovesForTooLong) {
  ask("");
  open();
  world->pass(hours(2));
  EXPECT_EQ(ending(), "cD 0");
}

}  // namespace
}  // namespace sluice::http
