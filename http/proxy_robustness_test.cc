#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "http/testing/proxy_world.h"

namespace sluice::http {
namespace {

using testing::FakeStream;
using testing::ok_response;
using testing::ProxyWorld;

// Cuts bytes into pieces.
using Cutter = std::function<std::size_t()>;

struct Outcome {
  std::string to_server;
  std::string to_client;
  bool client_aborted = false;
  bool client_finished = false;
  std::size_t pooled = 0;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// Without what chunking makes of the pieces.
std::string without_chunking(const std::string& text) {
  std::string plain;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t line = text.find("\r\n", at);
    const std::size_t digits = line == std::string::npos ? 0 : line - at;
    const bool size =
        digits > 0 && digits <= 4 && text.find_first_not_of("0123456789abcdef", at) == line;
    if (size && text[at] != '0') {
      const std::size_t length = std::stoul(text.substr(at, digits), nullptr, 16);
      plain += text.substr(line + 2, length);
      at = line + 2 + length + 2;
    } else if (line == std::string::npos) {
      plain += text.substr(at);
      break;
    } else {
      plain += text.substr(at, line + 2 - at);
      at = line + 2;
    }
  }
  return plain;
}

// One client sends `requests`, and the server a response to each head it sees; both in pieces.
Outcome run(const std::string& requests, const std::vector<std::string>& responses,
            const Cutter& client_piece, const Cutter& server_piece) {
  ProxyWorld world;
  FakeStream& client = world.client();
  Outcome outcome;
  std::size_t sent = 0;
  std::size_t answered = 0;
  std::vector<std::string> pending;
  for (int idle = 0; idle < 3;) {
    ++idle;
    if (sent < requests.size() && !client.gone()) {
      const std::size_t size = std::min(client_piece(), requests.size() - sent);
      client.deliver(requests.substr(sent, size));
      sent += size;
      idle = 0;
    }
    for (std::size_t i = 0; i < world.network.connections(); ++i) {
      FakeStream& server = world.server(i);
      if (!server.opened()) server.open();
      server.acknowledge_all();
      const std::string bytes = server.take();
      outcome.to_server += bytes;
    }
    client.acknowledge_all();
    outcome.to_client += client.take();
    world.loop();
    // The next response once its whole request is there: bodies in these scripts end in "END".
    const auto ends_of = [](const std::string& text) {
      std::size_t count = 0;
      for (std::size_t at = text.find("END"); at != std::string::npos;
           at = text.find("END", at + 1)) {
        ++count;
      }
      return count;
    };
    const bool last_chunk_there =
        without_chunking(outcome.to_server).find("0\r\n\r\n") != std::string::npos ||
        outcome.to_server.find("chunked") == std::string::npos;
    if (answered < responses.size() && ends_of(without_chunking(outcome.to_server)) > answered &&
        (answered != 1 || last_chunk_there)) {
      std::string_view rest = responses[answered++];
      FakeStream& server = world.network.last_connection();
      while (!rest.empty()) {
        const std::size_t size = std::min(server_piece(), rest.size());
        server.deliver(rest.substr(0, size));
        rest.remove_prefix(size);
        client.acknowledge_all();
      }
      idle = 0;
    }
  }
  outcome.to_client += client.take();
  outcome.client_aborted = client.aborted();
  outcome.client_finished = client.finished();
  outcome.pooled = world.proxy->idle_upstreams();
  outcome.to_server = without_chunking(outcome.to_server);
  outcome.to_client = without_chunking(outcome.to_client);
  EXPECT_EQ(client.held(), 0U);
  return outcome;
}

const std::string kRequests =
    "GET /END HTTP/1.1\r\nHost: a\r\nX-Empty:\r\n\r\n"
    "POST /two HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5;x=\"y\"\r\nhello\r\n6\r\n wEND!\r\n0\r\nT: u\r\n\r\n"
    "PUT /three HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nthree END"
    "GET /END4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

const std::vector<std::string> kResponses = {
    ok_response("first response", "Server: s\r\n"),
    "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 201 Created\r\n"
    "Transfer-Encoding: chunked\r\n\r\n8\r\nchunked \r\n4;e\r\nbody\r\n0\r\nT: 1\r\n\r\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast",
};

TEST(Differential, SplitAtEveryPositionGivesTheSame) {
  const Cutter whole = [] { return std::size_t{100000}; };
  const Outcome expected = run(kRequests, kResponses, whole, whole);
  ASSERT_NE(expected.to_client.find("last"), std::string::npos) << expected.to_client;
  ASSERT_TRUE(expected.client_finished);
  ASSERT_EQ(expected.pooled, 1U);
  for (std::size_t cut = 1; cut < kRequests.size(); ++cut) {
    bool first = true;
    const Cutter once = [&] { return std::exchange(first, false) ? cut : std::size_t{100000}; };
    ASSERT_EQ(run(kRequests, kResponses, once, whole), expected) << "request cut at " << cut;
  }
  const std::size_t longest = kResponses[1].size();
  for (std::size_t cut = 1; cut < longest; ++cut) {
    const Cutter pieces = [&] { return cut; };
    ASSERT_EQ(run(kRequests, kResponses, whole, pieces), expected) << "responses by " << cut;
  }
}

TEST(Differential, RandomPiecesGiveTheSame) {
  const Cutter whole = [] { return std::size_t{100000}; };
  const Outcome expected = run(kRequests, kResponses, whole, whole);
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const Cutter pieces = [&] { return std::size_t{1 + random() % (1U << (seed % 8))}; };
    ASSERT_EQ(run(kRequests, kResponses, pieces, pieces), expected) << "seed " << seed;
  }
}

// Every event that a peer can cause, in any order: nothing may leak, be touched after its end, or
// stay counted.
TEST(Robustness, AnyOrderOfEventsLeavesNothingBehind) {
  const std::vector<std::string> client_bytes = {
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.0\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc",
      "def",
      "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
      "3\r\nxyz\r\n",
      "0\r\n\r\n",
      "GET / HTT",
      "P/1.1\r\nHost: a\r\n\r\n",
      "\r\n",
      "bad\n",
  };
  const std::vector<std::string> server_bytes = {
      ok_response("hello"),
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
      "defghij",
      "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      "5\r\nhello\r\n",
      "0\r\n\r\n",
      "HTTP/1.0 200 OK\r\n\r\nuntil close",
      "HTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 2",
      "garbage\r\n\r\n",
  };
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    ProxyWorld world({.servers = 3});
    std::vector<FakeStream*> clients;
    for (int step = 0; step < 150; ++step) {
      const auto roll = random() % 100;
      if (clients.empty() || roll < 6) {
        clients.push_back(&world.client());
        continue;
      }
      FakeStream& client = *clients[random() % clients.size()];
      FakeStream* server =
          world.network.connections() == 0
              ? nullptr
              : &world.server(world.network.connections() - 1 -
                              random() % std::min<std::size_t>(4, world.network.connections()));
      if (roll < 40) {
        client.deliver(client_bytes[random() % client_bytes.size()], 1 + random() % 40);
      } else if (roll < 44) {
        client.end();
      } else if (roll < 47) {
        client.fail(StreamError::kReset);
      } else if (roll < 52) {
        client.acknowledge(std::min<std::size_t>(client.unacknowledged(), 1 + random() % 50));
      } else if (roll < 55) {
        world.pass(std::chrono::milliseconds(1 + random() % 20000));
      } else if (roll < 60) {
        world.loop();
      } else if (server == nullptr) {
        continue;
      } else if (roll < 72) {
        server->open();
      } else if (roll < 88) {
        if (server->opened()) {
          server->deliver(server_bytes[random() % server_bytes.size()], 1 + random() % 40);
        }
      } else if (roll < 91) {
        if (server->opened()) server->end();
      } else if (roll < 94) {
        server->fail(server->opened() ? StreamError::kReset : StreamError::kRefused);
      } else {
        server->acknowledge_all();
      }
    }
    world.proxy->drain();
    for (FakeStream* client : clients) client->fail(StreamError::kReset);
    world.pass(std::chrono::minutes(3));
    ASSERT_EQ(world.proxy->sessions(), 0U) << seed;
    ASSERT_EQ(world.proxy->busy_upstreams(), 0U) << seed;
    ASSERT_EQ(world.proxy->idle_upstreams(), 0U) << seed;
    ASSERT_EQ(world.frontend_counters().sessions.current(), 0U) << seed;
    ASSERT_EQ(world.backend_counters().sessions.current(), 0U) << seed;
    for (std::size_t id = 0; id < 3; ++id) {
      ASSERT_EQ(world.server_counters(id).sessions.current(), 0U) << seed;
      ASSERT_EQ(world.server_counters(id).idle_current.get(), 0U) << seed;
    }
  }
}

// Whatever is under way when the worker ends is reset, and nothing of it remains.
TEST(Robustness, TheProxyMayEndAtAnyMoment) {
  const std::vector<std::function<void(ProxyWorld&, FakeStream&)>> steps = {
      [](ProxyWorld&, FakeStream& c) { c.deliver("POST / HTTP/1.1\r\nHost: a\r\n"); },
      [](ProxyWorld&, FakeStream& c) { c.deliver("Content-Length: 5\r\n\r\n12"); },
      [](ProxyWorld& w, FakeStream&) { w.server(0).open(); },
      [](ProxyWorld& w, FakeStream& c) {
        w.server(0).acknowledge_all();
        c.deliver("345");
        w.server(0).acknowledge_all();
      },
      [](ProxyWorld& w, FakeStream&) {
        w.server(0).deliver("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12");
      },
      [](ProxyWorld& w, FakeStream&) { w.server(0).deliver("345"); },
      [](ProxyWorld&, FakeStream& c) { c.deliver("bad\r\n\r\n"); },
  };
  for (std::size_t last = 0; last <= steps.size(); ++last) {
    ProxyWorld world;
    FakeStream& client = world.client();
    for (std::size_t i = 0; i < last; ++i) steps[i](world, client);
    world.proxy.reset();
    EXPECT_TRUE(client.gone()) << last;
    if (world.network.connections() != 0) {
      EXPECT_TRUE(world.server(0).gone()) << last;
    }
    EXPECT_EQ(world.network.listeners(), 0U);
  }
}

TEST(Robustness, AnObjectOutlivesItsOwnCallback) {
  // Both ends let go within one call of on_data(): the graveyard keeps them until the loop's end.
  ProxyWorld world;
  FakeStream& client = world.client();
  client.deliver("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  world.server(0).open();
  world.server(0).acknowledge_all();
  world.server(0).deliver("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_TRUE(client.closed());
  EXPECT_TRUE(world.server(0).closed());
  EXPECT_GE(world.graveyard.size(), 2U);
  world.loop();
  EXPECT_EQ(world.graveyard.size(), 0U);
}

}  // namespace
}  // namespace sluice::http
