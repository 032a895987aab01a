#include "control/stats/http_statistics.h"

namespace sluice::control {
namespace {

/// One frontend's, backend's or server's counters, over all workers.
template <typename Block>
class Sum {
 public:
  Sum(const std::vector<HttpCounters>& workers,
      const http::CounterTable<Block>& (*table)(const HttpCounters&), std::size_t index) {
    for (const HttpCounters& worker : workers) {
      if (const Block* block = table(worker).find(index)) blocks_.push_back(block);
    }
  }

  std::uint64_t operator()(Counter Block::*counter) const {
    return over([&](const Block& block) { return (block.*counter).get(); });
  }
  [[nodiscard]] std::uint64_t current() const {
    return over([](const Block& block) { return block.sessions.current(); });
  }
  /// At least what there were at once.
  [[nodiscard]] std::uint64_t maximum() const {
    return over([](const Block& block) { return block.sessions.maximum(); });
  }
  [[nodiscard]] std::uint64_t ever() const {
    return over([](const Block& block) { return block.sessions.total(); });
  }
  [[nodiscard]] std::uint64_t responses(unsigned hundreds) const {
    return over([&](const Block& block) { return block.responses.get(hundreds); });
  }
  /// Milliseconds.
  std::uint64_t average(http::RecentDuration Block::*duration) const {
    const std::uint64_t samples =
        over([&](const Block& block) { return (block.*duration).recent_samples(); });
    const std::uint64_t time =
        over([&](const Block& block) { return (block.*duration).recent_microseconds(); });
    return samples == 0 ? 0 : time / samples / 1000;
  }

 private:
  template <typename Read>
  std::uint64_t over(Read&& read) const {
    std::uint64_t sum = 0;
    for (const Block* block : blocks_) sum += read(*block);
    return sum;
  }

  std::vector<const Block*> blocks_;
};

Sum<http::FrontendCounters> sum(const std::vector<HttpCounters>& workers, http::FrontendId id) {
  using Table = http::CounterTable<http::FrontendCounters>;
  return {workers, [](const HttpCounters& worker) -> const Table& { return worker.frontends; },
          id.index()};
}
Sum<http::BackendCounters> sum(const std::vector<HttpCounters>& workers, http::BackendId id) {
  using Table = http::CounterTable<http::BackendCounters>;
  return {workers, [](const HttpCounters& worker) -> const Table& { return worker.backends; },
          id.index()};
}
Sum<http::ServerCounters> sum(const std::vector<HttpCounters>& workers, http::ServerId id) {
  using Table = http::CounterTable<http::ServerCounters>;
  return {workers, [](const HttpCounters& worker) -> const Table& { return worker.servers; },
          id.index()};
}

// What rows of every kind have.
template <typename Block>
void set_common(StatRow& row, const Sum<Block>& sum) {
  row.set("scur", sum.current()).set("smax", sum.maximum()).set("stot", sum.ever());
  row.set("bin", sum(&Block::bytes_in)).set("bout", sum(&Block::bytes_out));
  row.set("hrsp_1xx", sum.responses(1)).set("hrsp_2xx", sum.responses(2));
  row.set("hrsp_3xx", sum.responses(3)).set("hrsp_4xx", sum.responses(4));
  row.set("hrsp_5xx", sum.responses(5)).set("hrsp_other", sum.responses(0));
  row.set("req_tot", sum(&Block::requests)).set("mode", "http");
}

// What backends and servers have.
template <typename Block>
void set_service(StatRow& row, const Sum<Block>& sum) {
  row.set("qcur", 0).set("qmax", 0);
  row.set("econ", sum(&Block::connection_errors)).set("eresp", sum(&Block::response_errors));
  row.set("wretr", sum(&Block::retries)).set("wredis", sum(&Block::redispatches));
  row.set("cli_abrt", sum(&Block::client_aborts)).set("srv_abrt", sum(&Block::server_aborts));
  row.set("lbtot", sum.ever()).set("qtime", 0);
  row.set("ctime", sum.average(&Block::connect_time));
  row.set("rtime", sum.average(&Block::response_time));
  row.set("ttime", sum.average(&Block::total_time));
  row.set("connect", sum(&Block::connections_opened));
  row.set("reuse", sum(&Block::connections_reused));
  row.set("ssl_sess", sum(&Block::handshakes));
  row.set("ssl_reused_sess", sum(&Block::handshakes_resumed));
  row.set("ssl_failed_handshake", sum(&Block::handshake_failures));
}

}  // namespace

std::uint32_t HttpStatistics::number_of(const std::string& kind, const std::string& name) {
  return numbers_.of(kind + "/" + name).value() + 1;
}

// Workers find out about a server each for itself, and one without traffic finds out nothing: half
// of them are enough to call it down.
bool HttpStatistics::is_up(const http::Server& server) const {
  const std::uint64_t paused = sum(workers_, server.id)(&http::ServerCounters::paused);
  return 2 * paused < workers_.size() || paused == 0;
}

std::uint64_t HttpStatistics::servers_up(const http::Backend& backend) const {
  std::uint64_t up = 0;
  for (const http::Server& server : backend.servers) up += is_up(server) ? 1 : 0;
  return up;
}

void HttpStatistics::note(ServiceHistory& history, std::uint64_t sessions, bool up, double elapsed,
                          std::uint64_t now) {
  history.sessions.look(sessions, elapsed);
  if (sessions != history.sessions_seen) history.last_session = now;
  history.sessions_seen = sessions;
  if (up == history.up) return;
  if (up) history.downtime += now - history.changed;
  history.up = up;
  history.changed = now;
}

void HttpStatistics::tick(const http::Settings& settings, double elapsed, std::uint64_t now) {
  for (const auto& frontend : settings.frontends) {
    if (!frontend) continue;
    const auto counters = sum(workers_, frontend->id);
    FrontendHistory& history = frontends_[frontend->id];
    history.sessions.look(counters.ever(), elapsed);
    history.requests.look(counters(&http::FrontendCounters::requests), elapsed);
  }
  for (const auto& backend : settings.backends) {
    if (!backend) continue;
    for (const http::Server& server : backend->servers) {
      note(servers_[server.id], sum(workers_, server.id).ever(), is_up(server), elapsed, now);
    }
    note(backends_[backend->id], sum(workers_, backend->id).ever(), servers_up(*backend) > 0,
         elapsed, now);
  }
}

std::vector<StatRow> HttpStatistics::rows(const http::Settings& settings, std::uint64_t now) {
  std::vector<StatRow> rows;
  for (const auto& frontend : settings.frontends) {
    if (frontend) rows.push_back(frontend_row(*frontend));
  }
  for (const auto& backend : settings.backends) {
    if (!backend) continue;
    for (const http::Server& server : backend->servers) {
      rows.push_back(server_row(*backend, server, now));
    }
    rows.push_back(backend_row(*backend, now));
  }
  return rows;
}

StatRow HttpStatistics::frontend_row(const http::Frontend& frontend) {
  using Block = http::FrontendCounters;
  const auto counters = sum(workers_, frontend.id);
  const FrontendHistory& history = frontends_[frontend.id];
  StatRow row(RowKind::kFrontend, frontend.name, "FRONTEND", number_of("frontend", frontend.name),
              0);
  set_common(row, counters);
  row.set("dreq", counters(&Block::denied)).set("dresp", 0);
  row.set("ereq", counters(&Block::request_errors)).set("status", "OPEN");
  row.set("rate", history.sessions.current()).set("rate_lim", 0);
  row.set("rate_max", history.sessions.maximum());
  row.set("req_rate", history.requests.current());
  row.set("req_rate_max", history.requests.maximum());
  row.set("cli_abrt", counters(&Block::client_aborts));
  row.set("conn_rate", history.sessions.current());
  row.set("conn_rate_max", history.sessions.maximum()).set("conn_tot", counters.ever());
  row.set("ssl_failed_handshake", counters(&Block::handshake_failures));
  return row;
}

StatRow HttpStatistics::server_row(const http::Backend& backend, const http::Server& server,
                                   std::uint64_t now) {
  using Block = http::ServerCounters;
  const auto counters = sum(workers_, server.id);
  const ServiceHistory& history = servers_[server.id];
  const bool up = is_up(server);
  StatRow row(RowKind::kServer, backend.name, server.name, number_of("backend", backend.name),
              server.id.value() + 1);
  set_common(row, counters);
  set_service(row, counters);
  row.set("dresp", 0).set("status", up ? "no check" : "DOWN");
  row.set("weight", 1).set("uweight", 1).set("act", 1).set("bck", 0);
  row.set("chkdown", counters(&Block::pauses)).set("lastchg", now - history.changed);
  row.set("downtime", history.downtime + (history.up ? 0 : now - history.changed));
  row.set("rate", history.sessions.current()).set("rate_max", history.sessions.maximum());
  row.set_signed("lastsess", history.sessions_seen == 0
                                 ? -1
                                 : static_cast<std::int64_t>(now - history.last_session));
  row.set("addr", server.address.to_string());
  row.set("srv_icur", counters(&Block::idle_current));
  row.set("idle_conn_cur", counters(&Block::idle_current));
  row.set("used_conn_cur", counters.current());
  return row;
}

StatRow HttpStatistics::backend_row(const http::Backend& backend, std::uint64_t now) {
  const auto counters = sum(workers_, backend.id);
  const ServiceHistory& history = backends_[backend.id];
  const std::uint64_t up = servers_up(backend);
  StatRow row(RowKind::kBackend, backend.name, "BACKEND", number_of("backend", backend.name), 0);
  set_common(row, counters);
  set_service(row, counters);
  row.set("dreq", 0).set("dresp", 0).set("status", up > 0 ? "UP" : "DOWN");
  row.set("weight", up).set("uweight", backend.servers.size()).set("act", up).set("bck", 0);
  row.set("lastchg", now - history.changed);
  row.set("downtime", history.downtime + (history.up ? 0 : now - history.changed));
  row.set("rate", history.sessions.current()).set("rate_max", history.sessions.maximum());
  row.set_signed("lastsess", history.sessions_seen == 0
                                 ? -1
                                 : static_cast<std::int64_t>(now - history.last_session));
  row.set("algo", "roundrobin");
  return row;
}

HttpTotals HttpStatistics::totals(const http::Settings& settings) const {
  HttpTotals totals;
  for (const auto& frontend : settings.frontends) {
    if (!frontend) continue;
    const auto counters = sum(workers_, frontend->id);
    totals.sessions += counters.current();
    totals.sessions_ever += counters.ever();
    totals.requests += counters(&http::FrontendCounters::requests);
    totals.bytes_out += counters(&http::FrontendCounters::bytes_out);
  }
  return totals;
}

}  // namespace sluice::control
