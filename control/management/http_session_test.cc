#include "control/management/http_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sluice::control {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kGet = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";

/// All that waits for the client, taken in small pieces.
std::string take(HttpSession& session) {
  std::string taken;
  while (!session.output().empty()) {
    const std::string_view piece = session.output().substr(0, 7);
    taken.append(piece);
    session.sent(piece.size());
  }
  return taken;
}

TEST(HttpSession, AnswersOneRequestAfterTheOther) {
  HttpSession session;
  session.receive(std::string(kGet) + "GET /ready HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(session.request());
  EXPECT_EQ(session.request()->target, "/metrics");
  EXPECT_FALSE(session.wants_input());
  session.answer(plain_page(200, "figures"));
  EXPECT_THAT(take(session), HasSubstr("\r\n\r\nfigures\n"));
  ASSERT_TRUE(session.request()) << "the second was here already";
  EXPECT_EQ(session.request()->target, "/ready");
  session.answer(plain_page(503, "draining"));
  EXPECT_THAT(take(session), StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_TRUE(session.idle());
  EXPECT_FALSE(session.finished());
}

TEST(HttpSession, WaitsForTheWholeHead) {
  HttpSession session;
  for (const char byte : kGet.substr(0, kGet.size() - 1)) {
    session.receive(std::string_view(&byte, 1));
    EXPECT_FALSE(session.request());
    EXPECT_FALSE(session.idle());
  }
  session.receive("\n");
  EXPECT_TRUE(session.request());
}

TEST(HttpSession, TellsHeadTheLengthAlone) {
  HttpSession session;
  session.receive("HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(session.request());
  session.answer(plain_page(200, "figures"));
  const std::string answer = take(session);
  EXPECT_THAT(answer, HasSubstr("Content-Length: 8\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("figures")));
}

TEST(HttpSession, EndsWhenTheClientSaysSo) {
  for (const char* request :
       {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"}) {
    HttpSession session;
    session.receive(request);
    session.answer(plain_page(200, "a"));
    EXPECT_FALSE(session.finished());
    EXPECT_THAT(take(session), HasSubstr("Connection: close\r\n"));
    EXPECT_TRUE(session.finished());
  }
}

TEST(HttpSession, AnswersAClientThatSendsNoMore) {
  HttpSession session;
  session.receive(kGet);
  session.end_of_input();
  EXPECT_FALSE(session.finished());
  session.answer(plain_page(200, "figures"));
  EXPECT_THAT(take(session), HasSubstr("figures"));
  EXPECT_TRUE(session.finished());
}

TEST(HttpSession, AsksForNothingBehindARefusal) {
  const std::pair<std::string, std::string> cases[] = {
      {"POST / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 405"},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 413"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400"},
      {"GET / HTTP/1.1\r\nno colon\r\n\r\n", "HTTP/1.1 400"},
      {"GET /" + std::string(9000, 'a'), "HTTP/1.1 431"},
  };
  for (const auto& [request, status] : cases) {
    HttpSession session;
    session.receive(request + std::string(kGet));
    EXPECT_FALSE(session.request()) << request;
    EXPECT_THAT(take(session), StartsWith(status));
    EXPECT_TRUE(session.finished());
    EXPECT_FALSE(session.wants_input());
  }
}

TEST(HttpSession, KnowsWhoPrefersOpenMetrics) {
  HttpSession session;
  session.receive(
      "GET /metrics HTTP/1.1\r\nHost: a\r\n"
      "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n\r\n");
  ASSERT_TRUE(session.request());
  EXPECT_TRUE(session.request()->open_metrics);
}

}  // namespace
}  // namespace sluice::control
