// Header fields that a frontend sets, adds and removes.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "http/header_edits.h"
#include "http/testing/proxy_world.h"

namespace sluice::http {
namespace {

using testing::FakeStream;
using testing::field_of;
using testing::ok_response;
using testing::ProxyWorld;

constexpr std::array kAll{Placeholder::kClient, Placeholder::kFrontend,   Placeholder::kHost,
                          Placeholder::kPath,   Placeholder::kTlsVersion, Placeholder::kId};

HeaderEdits::Line line(std::string name, std::string_view value) {
  std::string fault;
  return {std::move(name), TextTemplate::parse(value, kAll, fault).value()};
}

std::shared_ptr<const HeaderEdits> edits(std::vector<std::string> remove,
                                         std::vector<HeaderEdits::Line> set,
                                         std::vector<HeaderEdits::Line> add = {}) {
  return std::make_shared<const HeaderEdits>(std::move(remove), std::move(set), std::move(add));
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++found;
  }
  return found;
}

TEST(RequestEdits, RemoveSetAndAdd) {
  ProxyWorld world({.frontend = [](Frontend& frontend) {
    frontend.request_edits =
        edits({"X-Gone"}, {line("X-Set", "{client} {host}{path}")}, {line("X-More", "{frontend}")});
  }});
  world.client().deliver(
      "GET /a?b HTTP/1.1\r\nHost: w.example:80\r\nx-gone: 1\r\nX-Set: forged\r\nX-SET: too\r\n"
      "X-More: one\r\nX-Stays: 2\r\n\r\n");
  const std::string request = world.open_server(0);
  EXPECT_EQ(field_of(request, "X-Gone"), "(none)");
  EXPECT_EQ(field_of(request, "X-Set"), "198.18.0.77 w.example/a?b");
  EXPECT_EQ(request.find("forged"), std::string::npos);
  EXPECT_EQ(request.find("too"), std::string::npos);
  EXPECT_EQ(count(request, "X-More: "), 2U);
  EXPECT_NE(request.find("X-More: www\r\n"), std::string::npos);
  EXPECT_EQ(field_of(request, "X-Stays"), "2");
}

TEST(RequestEdits, SetTheHostAndTellTheClientsOwn) {
  ProxyWorld world({.frontend = [](Frontend& frontend) { frontend.host = "inner.example"; }});
  world.client().deliver("GET / HTTP/1.1\r\nHost: outer.example\r\n\r\n");
  const std::string request = world.open_server(0);
  EXPECT_EQ(count(request, "\r\nHost: "), 1U);
  EXPECT_EQ(field_of(request, "Host"), "inner.example");
  EXPECT_EQ(field_of(request, "X-Forwarded-Host"), "outer.example");
}

TEST(RequestEdits, GiveEachRequestAnIdThatItKeeps) {
  ProxyWorld world({.servers = 2, .frontend = [](Frontend& frontend) {
                      frontend.request_edits = edits({}, {line("X-Id", "{id}")});
                      frontend.response_edits = edits({}, {line("X-Id", "{id}")});
                    }});
  std::set<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    FakeStream& client = world.client();
    client.deliver("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    if (i == 0) world.server(0).fail(StreamError::kRefused);  // it is sent to another server
    FakeStream& server = world.network.last_connection();
    server.open();
    const std::string request = server.take();
    server.acknowledge_all();
    server.deliver(ok_response("x", "Connection: close\r\n"));
    const std::string id = field_of(request, "X-Id");
    EXPECT_EQ(id.size(), 32U);
    EXPECT_EQ(field_of(client.take(), "X-Id"), id);
    ids.insert(id);
    world.loop();
  }
  EXPECT_EQ(ids.size(), 3U);
}

TEST(ResponseEdits, ChangeWhatServersSay) {
  ProxyWorld world({.frontend = [](Frontend& frontend) {
    frontend.response_edits = edits({"X-Powered-By"}, {line("Server", "{frontend}")},
                                    {line("Strict-Transport-Security", "max-age=1")});
  }});
  FakeStream& client = world.client();
  client.deliver("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  world.open_server(0);
  world.server(0).acknowledge_all();
  world.server(0).deliver("HTTP/1.1 103 Early Hints\r\nServer: s\r\n\r\n" +
                          ok_response("body", "Server: s/1\r\nX-Powered-By: p\r\n"));
  const std::string all = client.take();
  const std::size_t second = all.find("HTTP/1.1 200");
  ASSERT_NE(second, std::string::npos);
  EXPECT_EQ(field_of(all, "Server"), "s") << "an interim response is left alone";
  const std::string response = all.substr(second);
  EXPECT_EQ(count(response, "Server: "), 1U);
  EXPECT_EQ(field_of(response, "Server"), "www");
  EXPECT_EQ(field_of(response, "X-Powered-By"), "(none)");
  EXPECT_EQ(field_of(response, "Strict-Transport-Security"), "max-age=1");
  EXPECT_EQ(field_of(response, "Content-Length"), "4");
}

}  // namespace
}  // namespace sluice::http
