#include "control/stats/http_statistics.h"

#include <algorithm>
#include <type_traits>

namespace sluice::control {
namespace {

/// One frontend's, backend's or server's counters, over all workers, from their bases on.
template <typename Block>
class Sum {
 public:
  Sum(const std::vector<const Block*>& blocks, const CounterBases<Block>& bases,
      const CounterBases<Block>& maxima, std::size_t index) {
    for (std::size_t worker = 0; worker < blocks.size(); ++worker) {
      if (blocks[worker] == nullptr) continue;
      counts_.push_back({blocks[worker], bases.find(index, worker), maxima.find(index, worker)});
    }
  }

  std::uint64_t operator()(Counter Block::*counter) const {
    return since([&](const Block& block) { return (block.*counter).get(); });
  }
  [[nodiscard]] std::uint64_t current() const {
    std::uint64_t sum = 0;
    for (const Count& count : counts_) sum += count.now->sessions.current();
    return sum;
  }
  /// At least what there were at once. `seen`: how many were seen at once since maxima count.
  [[nodiscard]] std::uint64_t maximum(std::uint64_t seen) const {
    std::uint64_t sum = 0;
    for (const Count& count : counts_) {
      const std::uint64_t most = count.now->sessions.maximum();
      if (count.maxima == nullptr || most > count.maxima->sessions.maximum()) sum += most;
    }
    return std::max({sum, seen, current()});
  }
  [[nodiscard]] std::uint64_t ever() const {
    return since([](const Block& block) { return block.sessions.total(); });
  }
  [[nodiscard]] std::uint64_t responses(unsigned hundreds) const {
    return since([&](const Block& block) { return block.responses.get(hundreds); });
  }
  /// Milliseconds. `Time`: RecentDuration, or what is one.
  template <typename Time>
  std::uint64_t average(Time Block::*duration) const {
    std::uint64_t samples = 0;
    std::uint64_t time = 0;
    for (const Count& count : counts_) {
      const RecentDuration& now = count.now->*duration;
      const std::uint64_t before = count.base == nullptr ? 0 : (count.base->*duration).samples();
      const bool all_new = now.samples() - before >= RecentDuration::kWindow;
      if (all_new || before == 0) {
        samples += now.recent_samples();
        time += now.recent_microseconds();
      } else {
        samples += now.samples() - before;
        time += now.total_microseconds() - (count.base->*duration).total_microseconds();
      }
    }
    return samples == 0 ? 0 : time / samples / 1000;
  }
  /// Milliseconds; of a worker whose longest time was before its base, none.
  template <typename Time>
  std::uint64_t longest(Time Block::*duration) const {
    std::uint64_t longest = 0;
    for (const Count& count : counts_) {
      const std::uint64_t most = (count.now->*duration).longest_microseconds();
      const bool old =
          count.base != nullptr && most == (count.base->*duration).longest_microseconds();
      if (!old) longest = std::max(longest, most);
    }
    return longest / 1000;
  }
  [[nodiscard]] Latency latency(MeasuredDuration Block::*duration) const {
    Latency latency;
    for (const Count& count : counts_) {
      latency.add(count.now->*duration, count.base == nullptr ? nullptr : &(count.base->*duration));
    }
    return latency;
  }

 private:
  struct Count {
    const Block* now;
    const Block* base;    // null: from the start
    const Block* maxima;  // the same
  };

  template <typename Read>
  std::uint64_t since(Read&& read) const {
    std::uint64_t sum = 0;
    for (const Count& count : counts_) {
      sum += read(*count.now) - (count.base == nullptr ? 0 : read(*count.base));
    }
    return sum;
  }

  std::vector<Count> counts_;
};

// Each worker's counters of an id.
std::vector<const http::FrontendCounters*> blocks_of(const std::vector<HttpCounters>& workers,
                                                     http::FrontendId id) {
  std::vector<const http::FrontendCounters*> blocks;
  for (const auto& worker : workers) blocks.push_back(worker.frontends.find(id.index()));
  return blocks;
}
std::vector<const http::BackendCounters*> blocks_of(const std::vector<HttpCounters>& workers,
                                                    http::BackendId id) {
  std::vector<const http::BackendCounters*> blocks;
  for (const auto& worker : workers) blocks.push_back(worker.backends.find(id.index()));
  return blocks;
}
std::vector<const http::ServerCounters*> blocks_of(const std::vector<HttpCounters>& workers,
                                                   http::ServerId id) {
  std::vector<const http::ServerCounters*> blocks;
  for (const auto& worker : workers) blocks.push_back(worker.servers.find(id.index()));
  return blocks;
}

// What rows of every kind have.
template <typename Block>
void set_common(StatRow& row, const Sum<Block>& sum, std::uint64_t most_seen, bool tcp) {
  row.set("scur", sum.current()).set("smax", sum.maximum(most_seen)).set("stot", sum.ever());
  row.set("bin", sum(&Block::bytes_in)).set("bout", sum(&Block::bytes_out));
  row.set("mode", tcp ? "tcp" : "http");
  if (tcp) return;
  row.set("hrsp_1xx", sum.responses(1)).set("hrsp_2xx", sum.responses(2));
  row.set("hrsp_3xx", sum.responses(3)).set("hrsp_4xx", sum.responses(4));
  row.set("hrsp_5xx", sum.responses(5)).set("hrsp_other", sum.responses(0));
  row.set("req_tot", sum(&Block::requests));
}

// What backends and servers have.
template <typename Block>
void set_service(StatRow& row, const Sum<Block>& sum) {
  row.set("qcur", 0).set("qmax", 0);
  row.set("econ", sum(&Block::connection_errors)).set("eresp", sum(&Block::response_errors));
  row.set("wretr", sum(&Block::retries)).set("wredis", sum(&Block::redispatches));
  row.set("cli_abrt", sum(&Block::client_aborts)).set("srv_abrt", sum(&Block::server_aborts));
  row.set("lbtot", sum.ever());
  row.set("qtime", sum.average(&Block::queue_time));
  row.set("ctime", sum.average(&Block::connect_time));
  row.set("rtime", sum.average(&Block::response_time));
  row.set("ttime", sum.average(&Block::total_time));
  row.set("qtime_max", sum.longest(&Block::queue_time));
  row.set("ctime_max", sum.longest(&Block::connect_time));
  row.set("rtime_max", sum.longest(&Block::response_time));
  row.set("ttime_max", sum.longest(&Block::total_time));
  row.set("connect", sum(&Block::connections_opened));
  row.set("reuse", sum(&Block::connections_reused));
  row.set("ssl_sess", sum(&Block::handshakes));
  row.set("ssl_reused_sess", sum(&Block::handshakes_resumed));
  row.set("ssl_failed_handshake", sum(&Block::handshake_failures));
}

// HAProxy's words; it has none for Maglev but those of its own consistent hashing.
std::string algorithm_name(const http::BalancingSettings& balancing) {
  switch (balancing.algorithm) {
    case http::Algorithm::kRoundRobin:
      return "roundrobin";
    case http::Algorithm::kLeastConnections:
      return "leastconn";
    case http::Algorithm::kTwoChoices:
    case http::Algorithm::kRandom:
      return "random";
    case http::Algorithm::kMaglev:
      break;
  }
  switch (balancing.hash_by) {
    case http::HashBy::kSource:
      return "source";
    case http::HashBy::kPath:
      return "uri";
    case http::HashBy::kHeader:
    case http::HashBy::kCookie:
      break;
  }
  return "hdr";
}

}  // namespace

auto HttpStatistics::sum(http::FrontendId id) const {
  const auto& [bases, maxima] = frontend_bases_;
  return Sum(blocks_of(workers_, id), bases, maxima, id.index());
}
auto HttpStatistics::sum(http::BackendId id) const {
  const auto& [bases, maxima] = backend_bases_;
  return Sum(blocks_of(workers_, id), bases, maxima, id.index());
}
auto HttpStatistics::sum(http::ServerId id) const {
  const auto& [bases, maxima] = server_bases_;
  return Sum(blocks_of(workers_, id), bases, maxima, id.index());
}

template <typename Id>
void HttpStatistics::clear(Id id, Clear what) {
  const auto blocks = blocks_of(workers_, id);
  auto take = [&](auto& bases) {
    if (what == Clear::kAll) bases.counters.take(id.index(), blocks);
    bases.maxima.take(id.index(), blocks);
  };
  if constexpr (std::is_same_v<Id, http::FrontendId>) {
    take(frontend_bases_);
  } else if constexpr (std::is_same_v<Id, http::BackendId>) {
    take(backend_bases_);
  } else {
    take(server_bases_);
  }
}

void HttpStatistics::begin_afresh(http::FrontendId id) {
  clear(id, Clear::kAll);
  frontends_.erase(id);
}
void HttpStatistics::begin_afresh(http::BackendId id) {
  clear(id, Clear::kAll);
  backends_.erase(id);
}
void HttpStatistics::begin_afresh(http::ServerId id) {
  clear(id, Clear::kAll);
  servers_.erase(id);
}

void HttpStatistics::clear(const http::Settings& settings, Clear what) {
  for (const auto& frontend : settings.frontends) {
    if (frontend) clear(frontend->id, what);
  }
  for (const auto& backend : settings.backends) {
    if (!backend) continue;
    clear(backend->id, what);
    for (const http::Server& server : backend->servers) clear(server.id, what);
  }
  for (auto& [id, history] : frontends_) history.clear();
  for (auto& [id, history] : backends_) history.clear(what);
  for (auto& [id, history] : servers_) history.clear(what);
}

bool HttpStatistics::in_use(http::FrontendId id) const {
  return sum(id).current() != 0;
}
bool HttpStatistics::in_use(http::BackendId id) const {
  return sum(id).current() != 0 || fleet_.in_flight(id) != 0 || fleet_.queued(id) != 0;
}
bool HttpStatistics::in_use(http::ServerId id) const {
  const auto counters = sum(id);
  return counters.current() != 0 || counters(&http::ServerCounters::idle_current) != 0 ||
         fleet_.in_flight(id) != 0;
}

std::uint32_t HttpStatistics::number_of(const std::string& kind, const std::string& name) {
  return numbers_.of(kind + "/" + name).value() + 1;
}

// In HAProxy's words; it has none for a server that live traffic has thrown out, and NOLB comes
// nearest: it is there, and gets nothing.
std::string HttpStatistics::status_of(const http::Server& server) const {
  if (server.mode == http::ServerMode::kMaint) return "MAINT";
  const http::ServerState* state = fleet_.find(server.id);
  const bool drained = server.mode == http::ServerMode::kDrain;
  if (state == nullptr) return drained ? "DRAIN" : "no check";
  if (state->out() || state->paused()) return "DOWN";
  if (drained) return "DRAIN";
  if (state->ejected(clock_())) return "NOLB";
  return state->verdict() == http::CheckVerdict::kNone ? "no check" : "UP";
}

bool HttpStatistics::is_up(const http::Server& server) const {
  const std::string status = status_of(server);
  return status == "UP" || status == "no check";
}

HttpStatistics::ServersUp HttpStatistics::servers_up(const http::Backend& backend) const {
  ServersUp up;
  for (const http::Server& server : backend.servers) {
    if (!is_up(server)) continue;
    ++(server.backup ? up.backup : up.active);
    if (!server.backup) up.weight += server.weight;
  }
  return up;
}

void HttpStatistics::note(ServiceHistory& history, std::uint64_t sessions, std::uint64_t current,
                          bool up, double elapsed, std::uint64_t now) {
  history.sessions.look(sessions, elapsed);
  history.most = std::max(history.most, current);
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
    const auto counters = sum(frontend->id);
    FrontendHistory& history = frontends_[frontend->id];
    history.sessions.look(counters.ever(), elapsed);
    history.requests.look(counters(&http::FrontendCounters::requests), elapsed);
    history.most = std::max(history.most, counters.current());
  }
  for (const auto& backend : settings.backends) {
    if (!backend) continue;
    for (const http::Server& server : backend->servers) {
      const auto counters = sum(server.id);
      note(servers_.try_emplace(server.id, now).first->second, counters.ever(), counters.current(),
           is_up(server), elapsed, now);
    }
    const auto counters = sum(backend->id);
    ServiceHistory& history = backends_.try_emplace(backend->id, now).first->second;
    note(history, counters.ever(), counters.current(), servers_up(*backend).any(), elapsed, now);
    history.longest_queue =
        std::max<std::uint64_t>(history.longest_queue, fleet_.queued(backend->id));
  }
}

std::vector<StatRow> HttpStatistics::rows(const http::Settings& settings, std::uint64_t now) {
  std::vector<StatRow> rows;
  rows.reserve(settings.frontends.size() + settings.backends.size() + settings.server_count);
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
  numbers_.end_round();
  static_cast<void>(numbers_.take_renamed());  // nothing is kept by them
  return rows;
}

StatRow HttpStatistics::frontend_row(const http::Frontend& frontend) {
  using Block = http::FrontendCounters;
  const auto counters = sum(frontend.id);
  const FrontendHistory& history = frontends_[frontend.id];
  StatRow row(RowKind::kFrontend, frontend.name, "FRONTEND", number_of("frontend", frontend.name),
              0);
  set_common(row, counters, history.most, frontend.tcp);
  row.set("dreq", counters(&Block::denied)).set("dresp", 0);
  row.set("ereq", counters(&Block::request_errors))
      .set("status", frontend.enabled ? "OPEN" : "STOP");
  row.set("rate", history.sessions.current()).set("rate_lim", 0);
  row.set("rate_max", history.sessions.maximum());
  row.set("req_rate", history.requests.current());
  row.set("req_rate_max", history.requests.maximum());
  row.set("cli_abrt", counters(&Block::client_aborts));
  row.set("intercepted", counters(&Block::intercepted));
  row.set("dcon", counters(&Block::denied_connections));
  row.set("dses", counters(&Block::excess_connections));
  if (frontend.connection_limit != 0) row.set("slim", frontend.connection_limit);
  row.set("conn_rate", history.sessions.current());
  row.set("conn_rate_max", history.sessions.maximum()).set("conn_tot", counters.ever());
  row.set("ssl_failed_handshake", counters(&Block::handshake_failures));
  return row;
}

StatRow HttpStatistics::server_row(const http::Backend& backend, const http::Server& server,
                                   std::uint64_t now) {
  using Block = http::ServerCounters;
  const auto counters = sum(server.id);
  const ServiceHistory& history = servers_[server.id];
  const std::string status = status_of(server);
  StatRow row(RowKind::kServer, backend.name, server.name, number_of("backend", backend.name),
              server.id.value() + 1);
  set_common(row, counters, history.most, backend.tcp);
  set_service(row, counters);
  row.set("dresp", 0).set("status", status);
  row.set("weight", server.weight).set("uweight", server.weight);
  row.set("act", server.backup ? 0 : 1).set("bck", server.backup ? 1 : 0);
  if (server.connection_limit != 0) row.set("slim", server.connection_limit);
  set_checks(row, backend, server);
  row.set("lastchg", now - history.changed);
  row.set("downtime", history.downtime + (history.up ? 0 : now - history.changed));
  row.set("rate", history.sessions.current()).set("rate_max", history.sessions.maximum());
  row.set_signed("lastsess", history.sessions_seen == 0
                                 ? -1
                                 : static_cast<std::int64_t>(now - history.last_session));
  row.set("addr", server.address.to_string());
  row.set("srv_icur", counters(&Block::idle_current));
  row.set("idle_conn_cur", counters(&Block::idle_current));
  row.set("used_conn_cur", counters.current());
  row.set("eject", counters(&Block::ejections));
  return row;
}

void HttpStatistics::set_checks(StatRow& row, const http::Backend& backend,
                                const http::Server& server) const {
  const std::uint64_t pauses = sum(server.id)(&http::ServerCounters::pauses);
  const http::CheckReport* report = fleet_.find_report(server.id);
  if (!backend.check.active() || report == nullptr) {
    row.set("chkdown", pauses);
    return;
  }
  const http::CheckResult last = report->last();
  row.set("chkfail", report->failures.get()).set("chkdown", pauses + report->falls.get());
  row.set("check_status", std::string(http::code_of(last.outcome)));
  if (last.status != 0) row.set("check_code", last.status);
  row.set("check_duration", static_cast<std::uint64_t>(last.taken / std::chrono::milliseconds(1)));
  row.set("last_chk", std::string(http::describe(last.outcome)));
  row.set("check_desc", std::string(http::describe(last.outcome)));
  row.set("check_rise", backend.check.rise).set("check_fall", backend.check.fall);
  const http::ServerState* state = fleet_.find(server.id);
  const bool up = state != nullptr && state->verdict() == http::CheckVerdict::kUp;
  const std::uint64_t row_length = report->row.get();
  // HAProxy counts good checks up to rise, and on to rise + fall - 1.
  row.set("check_health",
          up ? backend.check.rise + backend.check.fall - 1 - row_length : row_length);
}

StatRow HttpStatistics::backend_row(const http::Backend& backend, std::uint64_t now) {
  const auto counters = sum(backend.id);
  const ServiceHistory& history = backends_[backend.id];
  const ServersUp up = servers_up(backend);
  StatRow row(RowKind::kBackend, backend.name, "BACKEND", number_of("backend", backend.name), 0);
  set_common(row, counters, history.most, backend.tcp);
  set_service(row, counters);
  row.set("dreq", 0).set("dresp", 0).set("status", up.any() ? "UP" : "DOWN");
  row.set("weight", up.weight).set("uweight", up.weight);
  row.set("act", up.active).set("bck", up.backup);
  row.set("lastchg", now - history.changed);
  row.set("downtime", history.downtime + (history.up ? 0 : now - history.changed));
  row.set("rate", history.sessions.current()).set("rate_max", history.sessions.maximum());
  row.set_signed("lastsess", history.sessions_seen == 0
                                 ? -1
                                 : static_cast<std::int64_t>(now - history.last_session));
  const std::uint64_t queued = fleet_.queued(backend.id);
  row.set("qcur", queued).set("qmax", std::max(history.longest_queue, queued));
  row.set("algo", algorithm_name(backend.balancing));
  if (backend.connection_limit != 0) row.set("slim", backend.connection_limit);
  row.set("queued_tot", counters(&http::BackendCounters::queued));
  row.set("queue_refused", counters(&http::BackendCounters::queue_refusals));
  row.set("retry_withheld", counters(&http::BackendCounters::retries_withheld));
  return row;
}

std::vector<BackendLatency> HttpStatistics::latencies(const http::Settings& settings) const {
  using Block = http::BackendCounters;
  std::vector<BackendLatency> list;
  for (const auto& backend : settings.backends) {
    if (!backend) continue;
    const auto counters = sum(backend->id);
    list.push_back({backend->name, counters.latency(&Block::queue_time),
                    counters.latency(&Block::connect_time), counters.latency(&Block::response_time),
                    counters.latency(&Block::total_time)});
  }
  return list;
}

// Of frontends that are gone, too: these are sums of the process, and never cleared.
HttpTotals HttpStatistics::totals(const http::Settings& settings) const {
  HttpTotals totals;
  most_frontends_ = std::max(most_frontends_, settings.frontends.size());
  for (const HttpCounters& worker : workers_) {
    for (std::size_t index = 0; index < most_frontends_; ++index) {
      const http::FrontendCounters* counters = worker.frontends.find(index);
      if (counters == nullptr) continue;
      totals.sessions += counters->sessions.current();
      totals.sessions_ever += counters->sessions.total();
      totals.requests += counters->requests.get();
      totals.bytes_out += counters->bytes_out.get();
    }
  }
  return totals;
}

}  // namespace sluice::control
