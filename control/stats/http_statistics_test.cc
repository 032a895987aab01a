#include "control/stats/http_statistics.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

using namespace std::chrono_literals;

/// Two workers' counters, and settings with one frontend and one backend of two servers.
class HttpStatisticsTest : public ::testing::Test {
 protected:
  struct Worker {
    http::CounterTable<http::FrontendCounters> frontends;
    http::CounterTable<http::BackendCounters> backends;
    http::CounterTable<http::ServerCounters> servers;
  };

  HttpStatisticsTest() : statistics_(sources(), fleet_, [this] { return now_; }) {
    auto frontend = std::make_unique<http::Frontend>();
    frontend->id = http::FrontendId(0);
    frontend->name = "www";
    settings_.frontends.push_back(std::move(frontend));
    settings_.frontends.push_back(nullptr);  // one that a reload has removed
    auto backend = std::make_unique<http::Backend>();
    backend->id = http::BackendId(0);
    backend->name = "farm";
    backend->servers = {{http::ServerId(0), "a", *wire::Endpoint::parse("198.18.0.11:80")},
                        {http::ServerId(1), "b", *wire::Endpoint::parse("198.18.0.12:80")}};
    settings_.backends.push_back(std::move(backend));
  }

  std::vector<HttpCounters> sources() {
    std::vector<HttpCounters> list;
    for (Worker& worker : workers_) {
      list.push_back({worker.frontends, worker.backends, worker.servers});
    }
    return list;
  }

  std::string figure(const std::string& service, std::string_view column, std::uint64_t now = 0) {
    for (const StatRow& row : statistics_.rows(settings_, now)) {
      if (std::get<std::string>(*row.at(stat_column("svname"))) != service) continue;
      const auto& figure = row.at(stat_column(column));
      if (!figure) return "";
      if (const auto* text = std::get_if<std::string>(&*figure)) return *text;
      if (const auto* number = std::get_if<std::int64_t>(&*figure)) return std::to_string(*number);
      return std::to_string(std::get<std::uint64_t>(*figure));
    }
    return "no row";
  }

  Worker workers_[2];
  http::FleetState fleet_{2};
  Instant now_{};
  http::Settings settings_;
  HttpStatistics statistics_;
};

TEST_F(HttpStatisticsTest, ShowsTlsWithServersAsHaproxyDoes) {
  for (Worker& worker : workers_) {
    http::ServerCounters& server = worker.servers[1];
    server.handshakes.add(5);
    server.handshakes_resumed.add(3);
    server.handshake_failures.add(2);
    worker.backends[0].handshakes.add(7);
  }
  EXPECT_EQ(figure("b", "ssl_sess"), "10");
  EXPECT_EQ(figure("b", "ssl_reused_sess"), "6");
  EXPECT_EQ(figure("b", "ssl_failed_handshake"), "4");
  EXPECT_EQ(figure("BACKEND", "ssl_sess"), "14");
}

TEST_F(HttpStatisticsTest, HasARowForEachThing) {
  std::string names;
  for (const StatRow& row : statistics_.rows(settings_, 0)) {
    names += row.proxy() + "/" + std::get<std::string>(*row.at(stat_column("svname"))) + " ";
  }
  EXPECT_EQ(names, "www/FRONTEND farm/a farm/b farm/BACKEND ");
}

TEST_F(HttpStatisticsTest, SumsOverTheWorkers) {
  for (Worker& worker : workers_) {
    http::FrontendCounters& counters = worker.frontends[0];
    counters.sessions.enter();
    counters.sessions.enter();
    counters.sessions.leave();
    counters.requests.add(5);
    counters.bytes_in.add(100);
    counters.responses.count(204);
    counters.responses.count(799);
  }
  EXPECT_EQ(figure("FRONTEND", "scur"), "2");
  EXPECT_EQ(figure("FRONTEND", "smax"), "4");
  EXPECT_EQ(figure("FRONTEND", "stot"), "4");
  EXPECT_EQ(figure("FRONTEND", "req_tot"), "10");
  EXPECT_EQ(figure("FRONTEND", "bin"), "200");
  EXPECT_EQ(figure("FRONTEND", "hrsp_2xx"), "2");
  EXPECT_EQ(figure("FRONTEND", "hrsp_other"), "2");
  const HttpTotals totals = statistics_.totals(settings_);
  EXPECT_EQ(totals.sessions, 2U);
  EXPECT_EQ(totals.requests, 10U);
}

TEST_F(HttpStatisticsTest, SaysWhatIsInTcpMode) {
  auto frontend = std::make_unique<http::Frontend>(*settings_.frontends[0]);
  frontend->tcp = true;
  settings_.frontends[0] = std::move(frontend);
  EXPECT_EQ(figure("FRONTEND", "mode"), "tcp");
  EXPECT_EQ(figure("FRONTEND", "hrsp_2xx"), "") << "as HAProxy: there are no responses";
  EXPECT_EQ(figure("a", "mode"), "http");
  auto backend = std::make_unique<http::Backend>(*settings_.backends[0]);
  backend->tcp = true;
  settings_.backends[0] = std::move(backend);
  EXPECT_EQ(figure("a", "mode"), "tcp");
  EXPECT_EQ(figure("BACKEND", "mode"), "tcp");
  EXPECT_EQ(figure("BACKEND", "req_tot"), "");
}

TEST_F(HttpStatisticsTest, AveragesTimesInMilliseconds) {
  workers_[0].servers[0].connect_time.add(2ms);
  workers_[1].servers[0].connect_time.add(6ms);
  EXPECT_EQ(figure("a", "ctime"), "4");
  EXPECT_EQ(figure("b", "ctime"), "0");
}

TEST_F(HttpStatisticsTest, TellsTheLongestTimeOfAnyWorker) {
  workers_[0].servers[0].response_time.add(2ms);
  workers_[1].servers[0].response_time.add(6ms);
  EXPECT_EQ(figure("a", "rtime_max"), "6");
  EXPECT_EQ(figure("a", "ctime_max"), "0");
}

TEST_F(HttpStatisticsTest, AddsUpTheLatenciesOfEachBackend) {
  for (Worker& worker : workers_) worker.backends[0].connect_time.add(2ms);
  const auto latencies = statistics_.latencies(settings_);
  ASSERT_EQ(latencies.size(), 1U);
  EXPECT_EQ(latencies[0].backend, "farm");
  EXPECT_EQ(latencies[0].connect.distribution.count(), 2U);
  EXPECT_EQ(latencies[0].connect.total_microseconds, 4000U);
  EXPECT_EQ(latencies[0].total.distribution.count(), 0U);
}

TEST_F(HttpStatisticsTest, MeasuresRatesFromTickToTick) {
  statistics_.tick(settings_, 1, 0);
  workers_[0].frontends[0].requests.add(30);
  statistics_.tick(settings_, 1.5, 1);
  EXPECT_EQ(figure("FRONTEND", "req_rate"), "20");
  statistics_.tick(settings_, 1, 2);
  EXPECT_EQ(figure("FRONTEND", "req_rate"), "0");
  EXPECT_EQ(figure("FRONTEND", "req_rate_max"), "20");
}

TEST_F(HttpStatisticsTest, AServerIsDownWhileItIsPassedOver) {
  EXPECT_EQ(figure("a", "status"), "no check");
  fleet_.server(http::ServerId(0)).pause(now_, 2s);
  EXPECT_EQ(figure("a", "status"), "DOWN");
  EXPECT_EQ(figure("BACKEND", "status"), "UP");
  EXPECT_EQ(figure("BACKEND", "act"), "1");
  fleet_.server(http::ServerId(1)).pause(now_, 2s);
  EXPECT_EQ(figure("BACKEND", "status"), "DOWN");
}

TEST_F(HttpStatisticsTest, AServerThatLiveTrafficThrewOutIsNotBalanced) {
  fleet_.server(http::ServerId(0)).eject(now_, 10s, 60s);
  EXPECT_EQ(figure("a", "status"), "NOLB");
  now_ += 10s;
  EXPECT_EQ(figure("a", "status"), "no check");
}

TEST_F(HttpStatisticsTest, AServersStatusFollowsItsChecks) {
  http::ServerState& state = fleet_.server(http::ServerId(1));
  state.set_verdict(http::CheckVerdict::kUp, now_);
  EXPECT_EQ(figure("b", "status"), "UP");
  state.set_verdict(http::CheckVerdict::kDown, now_);
  EXPECT_EQ(figure("b", "status"), "DOWN");
}

TEST_F(HttpStatisticsTest, NotesWhenAServerChanged) {
  statistics_.tick(settings_, 1, 10);
  EXPECT_EQ(figure("a", "lastsess", 10), "-1");
  fleet_.server(http::ServerId(0)).pause(now_, 2s);
  workers_[1].servers[0].sessions.enter();
  statistics_.tick(settings_, 1, 20);
  EXPECT_EQ(figure("a", "lastchg", 25), "5");
  EXPECT_EQ(figure("a", "downtime", 25), "5");
  EXPECT_EQ(figure("a", "lastsess", 25), "5");
  fleet_.server(http::ServerId(0)).end_pause(now_);
  statistics_.tick(settings_, 1, 30);
  EXPECT_EQ(figure("a", "downtime", 45), "10");
  EXPECT_EQ(figure("a", "lastchg", 45), "15");
}

TEST_F(HttpStatisticsTest, TheNewOwnerOfAnIdBeginsAtNothing) {
  http::ServerCounters& counters = workers_[0].servers[0];
  counters.requests.add(10);
  counters.sessions.enter();
  counters.sessions.enter();
  EXPECT_TRUE(statistics_.in_use(http::ServerId(0)));
  counters.sessions.leave();
  counters.sessions.leave();
  counters.connect_time.add(100ms);
  counters.responses.count(200);
  EXPECT_FALSE(statistics_.in_use(http::ServerId(0)));
  statistics_.tick(settings_, 1, 10);
  statistics_.begin_afresh(http::ServerId(0));
  statistics_.tick(settings_, 1, 20);
  for (const char* column : {"req_tot", "stot", "smax", "ctime", "hrsp_2xx", "lastchg"}) {
    EXPECT_EQ(figure("a", column, 20), "0") << column;
  }
  counters.requests.add(3);
  counters.sessions.enter();
  counters.connect_time.add(2ms);
  workers_[1].servers[0].requests.add();
  EXPECT_EQ(figure("a", "req_tot"), "4");
  EXPECT_EQ(figure("a", "smax"), "1");
  EXPECT_EQ(figure("a", "ctime"), "2");
}

TEST_F(HttpStatisticsTest, ClearsMaximaOrEverythingButTotals) {
  http::FrontendCounters& counters = workers_[0].frontends[0];
  for (int i = 0; i < 3; ++i) counters.sessions.enter();
  counters.sessions.leave();
  counters.requests.add(5);
  statistics_.tick(settings_, 1, 0);
  statistics_.clear(settings_, HttpStatistics::Clear::kMaxima);
  EXPECT_EQ(figure("FRONTEND", "smax"), "2");
  EXPECT_EQ(figure("FRONTEND", "req_tot"), "5");
  statistics_.clear(settings_, HttpStatistics::Clear::kAll);
  EXPECT_EQ(figure("FRONTEND", "req_tot"), "0");
  EXPECT_EQ(figure("FRONTEND", "stot"), "0");
  EXPECT_EQ(figure("FRONTEND", "scur"), "2");
  EXPECT_EQ(statistics_.totals(settings_).requests, 5U);
  counters.requests.add(2);
  EXPECT_EQ(figure("FRONTEND", "req_tot"), "2");
}

TEST_F(HttpStatisticsTest, TotalsKeepWhatARemovedFrontendHasCounted) {
  workers_[0].frontends[1].requests.add(5);
  workers_[1].frontends[0].requests.add(2);
  EXPECT_EQ(statistics_.totals(settings_).requests, 7U);
  settings_.frontends.pop_back();
  EXPECT_EQ(statistics_.totals(settings_).requests, 7U);
}

}  // namespace
}  // namespace sluice::control
