#include "control/sessions/session_query.h"

#include <gtest/gtest.h>

#include "control/admin/command_table.h"

namespace sluice::control {
namespace {

std::optional<SessionQuery> parse(std::string_view line) {
  std::string problem;
  const auto words = split_commands(line).front();
  auto query = SessionQuery::parse(words, problem);
  EXPECT_EQ(query.has_value(), problem.empty()) << line;
  return query;
}

wire::FlowKey flow(const char* local, const char* remote) {
  const auto ours = *wire::Endpoint::parse(local);
  const auto theirs = *wire::Endpoint::parse(remote);
  return {ours.address, theirs.address, ours.port, theirs.port};
}

bool matches(std::string_view line, const wire::FlowKey& flow,
             tcp::State state = tcp::State::kEstablished) {
  const auto query = parse(line);
  return query && query->matches(flow, state);
}

TEST(SessionQuery, WithoutArgumentsMatchesEverythingUpToALimit) {
  EXPECT_TRUE(matches("", flow("198.18.0.1:80", "198.18.7.7:4000")));
  EXPECT_EQ(parse("")->limit, SessionQuery::kDefaultLimit);
}

TEST(SessionQuery, ChoosesByNetworkPortAndState) {
  const auto v4 = flow("198.18.0.1:80", "198.18.7.7:4000");
  const auto v6 = flow("[2001:db8::1]:443", "[2001:db8:7::7]:4000");
  EXPECT_TRUE(matches("remote 198.18.7.0/24", v4));
  EXPECT_TRUE(matches("remote 198.18.7.7", v4));
  EXPECT_FALSE(matches("remote 198.18.7.8", v4));
  EXPECT_FALSE(matches("remote 198.18.7.0/24", v6));
  EXPECT_TRUE(matches("remote 2001:db8:7::/48 local-port 443", v6));
  EXPECT_FALSE(matches("remote 2001:db8:7::/48 local-port 80", v6));
  EXPECT_TRUE(matches("local 198.18.0.1 remote-port 4000", v4));
  EXPECT_FALSE(matches("local 198.18.0.2 remote-port 4000", v4));
  EXPECT_TRUE(matches("state ESTABLISHED", v4));
  EXPECT_TRUE(matches("state fin-wait-2", v4, tcp::State::kFinWait2));
  EXPECT_FALSE(matches("state CLOSE-WAIT", v4));
}

TEST(SessionQuery, HasALimitThatIsLimited) {
  EXPECT_EQ(parse("limit 7 json")->limit, 7U);
  EXPECT_TRUE(parse("limit 7 json")->json);
  EXPECT_FALSE(parse("limit 0"));
  EXPECT_FALSE(parse("limit 10001"));
}

TEST(SessionQuery, RefusesWhatItDoesNotKnow) {
  for (const char* line :
       {"remote", "remote 1.2.3", "remote 198.18.0.0/33", "state OPEN", "local-port 0",
        "remote-port 65536", "colour red", "limit -1", "1.2", "1.2.xyz", "1.2.12345"}) {
    EXPECT_FALSE(parse(line)) << line;
  }
}

TEST(SessionId, IsReadAsItIsWritten) {
  const SessionId id{3, 123456, 0x0a0b};
  EXPECT_EQ(id.to_string(), "3.123456.0a0b");
  EXPECT_EQ(SessionId::parse(id.to_string()), id);
  EXPECT_EQ(parse("3.123456.0a0b")->id, id);
  EXPECT_FALSE(SessionId::parse("3.99999999999.0a0b"));
  EXPECT_FALSE(SessionId::parse(""));
}

}  // namespace
}  // namespace sluice::control
