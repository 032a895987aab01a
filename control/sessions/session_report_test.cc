#include "control/sessions/session_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sluice::control {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

http::Settings settings() {
  http::Settings settings;
  http::Frontend www;
  www.name = "www";
  www.bind = {
      *wire::Endpoint::parse("198.18.0.1:80"), *wire::Endpoint::parse("0.0.0.0:8080"), {{}, 8081}};
  settings.frontends.push_back(std::make_unique<http::Frontend>(www));
  settings.frontends.push_back(nullptr);
  http::Backend farm;
  farm.name = "farm";
  farm.servers = {{http::ServerId(0), "web1", *wire::Endpoint::parse("198.18.1.11:80")}};
  settings.backends.push_back(std::make_unique<http::Backend>(farm));
  return settings;
}

FoundSession session(const char* local, const char* remote) {
  FoundSession session{{1, 12, 0xbeef}, {}};
  const auto ours = *wire::Endpoint::parse(local);
  const auto theirs = *wire::Endpoint::parse(remote);
  session.view.flow = {ours.address, theirs.address, ours.port, theirs.port};
  session.view.state = tcp::State::kEstablished;
  session.view.age = seconds(61);
  session.view.in_flight = 1448;
  session.view.unacknowledged = 5000;
  session.view.measured = true;
  session.view.round_trip = microseconds(10'250);
  session.view.retransmits_in = microseconds(200'000);
  session.view.congestion_algorithm = tcp::CongestionAlgorithm::kNewReno;
  session.view.loss_detection = "sack";
  session.view.recovery = tcp::Recovery::Phase::kFastRecovery;
  return session;
}

TEST(FlowNames, TellsClientsFromServers) {
  const auto configured = settings();
  const FlowNames names(configured);
  EXPECT_EQ(names.of(session("198.18.0.1:80", "198.18.7.7:4000").view.flow), "frontend www");
  EXPECT_EQ(names.of(session("198.18.1.1:30000", "198.18.1.11:80").view.flow), "server farm/web1");
  EXPECT_EQ(names.of(session("[2001:db8::1]:8081", "[2001:db8::2]:80").view.flow), "frontend www");
  EXPECT_EQ(names.of(session("198.18.0.2:80", "198.18.7.7:4000").view.flow), "");
}

TEST(SessionReport, HasARowForEachSession) {
  const auto configured = settings();
  const std::vector<FoundSession> all{session("198.18.0.1:80", "198.18.7.7:4000"),
                                      session("198.18.1.1:30000", "198.18.1.11:80")};
  const auto json = nlohmann::json::parse(list_sessions(all, false, true, FlowNames(configured)));
  EXPECT_EQ(json["more"], false);
  ASSERT_EQ(json["sessions"].size(), 2U);
  const auto& row = json["sessions"][0];
  EXPECT_EQ(row["id"], "1.12.beef");
  EXPECT_EQ(row["owner"], "frontend www");
  EXPECT_EQ(row["local"], "198.18.0.1:80");
  EXPECT_EQ(row["remote"], "198.18.7.7:4000");
  EXPECT_EQ(row["state"], "ESTABLISHED");
  EXPECT_EQ(row["age_s"], 61);
  EXPECT_EQ(row["in_flight"], 1448);
  EXPECT_EQ(row["unacknowledged"], 5000);
}

TEST(SessionReport, SaysWhenThereAreMore) {
  const auto configured = settings();
  const std::vector<FoundSession> one{session("198.18.0.1:80", "198.18.7.7:4000")};
  const FlowNames names(configured);
  EXPECT_NE(list_sessions(one, true, false, names).find("There are more"), std::string::npos);
  EXPECT_EQ(list_sessions(one, false, false, names).find("There are more"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(list_sessions(one, true, true, names))["more"], true);
}

TEST(SessionReport, TellsDetailsInBothForms) {
  const auto configured = settings();
  const FlowNames names(configured);
  const auto one = session("198.18.0.1:80", "198.18.7.7:4000");
  const auto json = nlohmann::json::parse(detail_session(one, true, names));
  EXPECT_EQ(json["rtt_ms"], 10.25);
  EXPECT_EQ(json["retransmission_in_ms"], 200.0);
  EXPECT_TRUE(json["keep_alive_in_ms"].is_null());
  EXPECT_EQ(json["congestion"], "newreno");
  EXPECT_EQ(json["recovery"], "recovery");
  EXPECT_EQ(json["loss_detection"], "sack");
  EXPECT_TRUE(json["ssthresh"].is_null());
  const std::string text = detail_session(one, false, names);
  for (const auto& [name, value] : json.items()) {
    EXPECT_NE(("\n" + text).find("\n" + name + " "), std::string::npos) << name;
  }
}

TEST(SessionReport, TellsNoRoundTripThatWasNotMeasured) {
  const auto configured = settings();
  auto one = session("198.18.0.1:80", "198.18.7.7:4000");
  one.view.measured = false;
  const auto json = nlohmann::json::parse(detail_session(one, true, FlowNames(configured)));
  EXPECT_TRUE(json["rtt_ms"].is_null());
}

}  // namespace
}  // namespace sluice::control
