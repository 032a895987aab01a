// What a frontend answers by itself: redirections and fixed responses.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "http/answer.h"
#include "http/testing/proxy_world.h"

namespace sluice::http {
namespace {

using testing::FakeStream;
using testing::field_of;
using testing::ProxyWorld;

std::shared_ptr<const Answer> redirection(std::string_view location) {
  constexpr std::array kAllowed{Placeholder::kHost, Placeholder::kPath};
  std::string fault;
  return std::make_shared<const Answer>(
      Answer::redirect(TextTemplate::parse(location, kAllowed, fault).value()));
}

std::shared_ptr<const Answer> fixed(unsigned status, std::string body) {
  return std::make_shared<const Answer>(Answer::fixed(status, "text/plain", std::move(body)));
}

ProxyWorld::Options redirecting() {
  return {.frontend = [](Frontend& frontend) {
    frontend.default_backend = {};
    frontend.default_answer = redirection("https://{host}{path}");
    frontend.routes = {{"", "/served", BackendId(0)}};
  }};
}

std::string answer(ProxyWorld& world, std::string_view request) {
  FakeStream& client = world.client();
  client.deliver(request);
  return client.take();
}

TEST(Redirect, NamesTheSameHostAndPath) {
  ProxyWorld world(redirecting());
  const std::string response =
      answer(world, "GET /a/b?c=d HTTP/1.1\r\nHost: www.example:8080\r\n\r\n");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 301 Moved Permanently\r\n")) << response;
  EXPECT_EQ(field_of(response, "Location"), "https://www.example/a/b?c=d");
  EXPECT_EQ(field_of(response, "Content-Length"), "0");
  EXPECT_EQ(field_of(response, "Connection"), "(none)");
  EXPECT_EQ(world.network.connections(), 0U);
  EXPECT_EQ(world.frontend_counters().intercepted.get(), 1U);
  EXPECT_EQ(world.frontend_counters().responses.get(3), 1U);
}

TEST(Redirect, KeepsMethodAndBodyOfOtherRequests) {
  ProxyWorld world(redirecting());
  EXPECT_TRUE(answer(world, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 301 "));
  EXPECT_TRUE(answer(world, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
                  .starts_with("HTTP/1.1 308 Permanent Redirect\r\n"));
  EXPECT_EQ(field_of(answer(world, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), "Location"),
            "https://a/");
}

TEST(Redirect, TakesTheHostFromTheTargetWhenItIsThere) {
  ProxyWorld world(redirecting());
  EXPECT_EQ(
      field_of(answer(world, "GET http://b.example/x HTTP/1.1\r\nHost: a\r\n\r\n"), "Location"),
      "https://b.example/x");
  EXPECT_EQ(field_of(answer(world, "GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n"), "Location"),
            "https://[2001:db8::1]/");
}

TEST(Redirect, WithoutAHostIs400) {
  ProxyWorld world(redirecting());
  EXPECT_TRUE(answer(world, "GET / HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_EQ(world.frontend_counters().intercepted.get(), 0U);
}

TEST(Redirect, LeavesWhatARouteServes) {
  ProxyWorld world(redirecting());
  world.client().deliver("GET /served/x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(world.network.connections(), 1U);
}

TEST(FixedResponse, IsSentByRouteAndKeepsTheConnection) {
  ProxyWorld world({.frontend = [](Frontend& frontend) {
    frontend.routes = {{"", "/health", {}, fixed(200, "fine\n")},
                       {"", "/private", {}, fixed(403, "403 Forbidden\n")}};
  }});
  FakeStream& client = world.client();
  client.deliver("GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.take(),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nfine\n");
  client.deliver(
      "HEAD /private/x HTTP/1.1\r\nHost: a\r\n\r\nGET /private HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string responses = client.take();
  EXPECT_EQ(responses.find("403 Forbidden\n"), responses.rfind("403 Forbidden\n"))
      << "none for HEAD";
  EXPECT_TRUE(responses.ends_with("\r\n\r\n403 Forbidden\n"));
  EXPECT_EQ(field_of(responses, "Cache-Control"), "no-store");
  client.deliver("GET /else HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(world.open_server(0).starts_with("GET /else "));
  EXPECT_EQ(world.frontend_counters().intercepted.get(), 3U);
}

TEST(FixedResponse, ClosesBehindABodyThatIsNotRead) {
  ProxyWorld world({.frontend = [](Frontend& frontend) {
    frontend.default_answer = fixed(403, "no\n");
    frontend.default_backend = {};
  }});
  FakeStream& client = world.client();
  client.deliver("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nsome");
  EXPECT_EQ(field_of(client.take(), "Connection"), "close");
  EXPECT_TRUE(client.finished());
}

TEST(FixedResponse, HasNoContentWhereItsStatusHasNone) {
  ProxyWorld world({.frontend = [](Frontend& frontend) {
    frontend.routes = {{"", "/204", {}, fixed(204, "x")}, {"", "/205", {}, fixed(205, "x")}};
  }});
  EXPECT_EQ(answer(world, "GET /204 HTTP/1.1\r\nHost: a\r\n\r\n"),
            "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(answer(world, "GET /205 HTTP/1.1\r\nHost: a\r\n\r\n"),
            "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n");
}

TEST(FixedResponse, CountsAmongTheRequestsOfAConnection) {
  ProxyWorld world({.frontend = [](Frontend& frontend) {
    frontend.default_answer = fixed(200, "x");
    frontend.default_backend = {};
    frontend.limits.requests_per_connection = 1;
  }});
  FakeStream& client = world.client();
  client.deliver("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(field_of(client.take(), "Connection"), "close");
}

}  // namespace
}  // namespace sluice::http
