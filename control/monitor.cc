#include "control/monitor.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "control/log.h"
#include "control/stats/handshake_table.h"
#include "control/version.h"
#include "tls/server/server_identity.h"

namespace sluice::control {
namespace {

constexpr FigureTags kProductTags{"Product", "Output", "Service", "str"};
constexpr FigureTags kDurationTags{"Metric", "Duration", "Process", "u32"};
constexpr FigureTags kDurationTextTags{"Metric", "Duration", "Process", "str"};
constexpr FigureTags kStatusTags{"Status", "Gauge", "Process", "u32"};
constexpr FigureTags kKeyTags{"Key", "Gauge", "Process", "u32"};
constexpr FigureTags kBytesTags{"Metric", "Gauge", "Process", "u64"};

std::vector<HttpCounters> http_counters(const Engine& engine) {
  std::vector<HttpCounters> counters;
  for (const auto& program : engine.programs()) counters.push_back(program->http_counters());
  return counters;
}

std::vector<WorkerCounters> worker_counters(const Engine& engine) {
  std::vector<WorkerCounters> counters;
  const std::size_t ports = engine.fleet().ports().size();
  for (const auto& program : engine.programs()) counters.push_back(program->counters(ports));
  return counters;
}

std::uint64_t over_ports(const WorkerCounters& worker, Counter port::Counters::*counter) {
  std::uint64_t sum = 0;
  for (const port::Counters* port : worker.ports) sum += (port->*counter).get();
  return sum;
}

// What the worker lost on the way: of packets it received, and of those it sent.
std::uint64_t drops(const WorkerCounters& worker) {
  return over_ports(worker, &port::Counters::transmit_drops) +
         over_ports(worker, &port::Counters::transmit_refused) +
         over_ports(worker, &port::Counters::hand_off_drops) +
         over_ports(worker, &port::Counters::transmit_hand_off_drops);
}

std::string host_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0) return "unknown";
  return name;
}

std::uint64_t open_file_limit() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

std::uint64_t listeners(const http::Settings& settings) {
  std::uint64_t count = 0;
  for (const auto& frontend : settings.frontends) count += frontend ? frontend->bind.size() : 0;
  return count;
}

double seconds(Monitor::Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

double Monitor::WorkerRates::load() const {
  const auto busy = static_cast<double>(busy_cycles.current());
  const double all = busy + static_cast<double>(idle_cycles.current());
  return all == 0 ? 0 : 100 * busy / all;
}

Monitor::Monitor(const Engine& engine)
    : engine_(engine),
      workers_(worker_counters(engine)),
      http_(http_counters(engine), engine.fleet_state(), [&engine] { return engine.now(); }),
      server_tls_(http_counters(engine)),
      servers_(engine.fleet_state()),
      started_(Clock::now()),
      started_at_(static_cast<std::int64_t>(std::time(nullptr))),
      ticked_(started_),
      worker_rates_(workers_.size()) {}

void Monitor::guard_ids(SettingsBuilder& builder, Engine& engine) {
  const auto unused = [this, &engine](auto id) { return engine.settled() && !http_.in_use(id); };
  builder.set_reusable(unused, unused, unused);
}

void Monitor::begin_afresh(const SettingsBuilder::Renamed& renamed) {
  for (const http::FrontendId id : renamed.frontends) http_.begin_afresh(id);
  for (const http::BackendId id : renamed.backends) http_.begin_afresh(id);
  for (const http::ServerId id : renamed.servers) {
    http_.begin_afresh(id);
    server_tls_.forget(id);
  }
}

std::uint64_t Monitor::uptime() const {
  return static_cast<std::uint64_t>(seconds(Clock::now() - started_));
}

template <typename Read>
std::uint64_t Monitor::sum(Read&& read) const {
  std::uint64_t total = 0;
  for (const WorkerCounters& worker : workers_) total += read(worker);
  return total;
}

void Monitor::tick() {
  const Clock::time_point now = Clock::now();
  const double elapsed = seconds(now - ticked_);
  if (elapsed <= 0) return;
  ticked_ = now;
  const http::Settings& settings = engine_.snapshot().http;
  http_.tick(settings, elapsed, uptime());
  const HttpTotals totals = http_.totals(settings);
  sessions_.look(totals.sessions_ever, elapsed);
  bytes_out_.look(totals.bytes_out, elapsed);
  const auto completed =
      sum([](const auto& worker) { return worker.tls.handshakes_completed.get(); });
  const auto resumed = sum([](const auto& worker) { return worker.tls.handshakes_resumed.get(); });
  handshakes_.look(completed, elapsed);
  resumed_handshakes_.look(resumed, elapsed);
  full_handshakes_.look(completed - std::min(resumed, completed), elapsed);
  full_backend_handshakes_.look(sum([](const auto& worker) {
                                  const tls::Counters& tls = worker.tls_backend;
                                  const auto all = tls.handshakes_completed.get();
                                  return all - std::min(tls.handshakes_resumed.get(), all);
                                }),
                                elapsed);
  for (const ServerWatch::Message& message : servers_.look(settings, engine_.now())) {
    message.bad ? log_warning(message.text) : log_info(message.text);
  }
  for (const std::string& message : server_tls_.look(settings, uptime())) log_warning(message);
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    WorkerRates& rates = worker_rates_[i];
    rates.loops.look(workers_[i].worker.loops.get(), elapsed);
    rates.busy_cycles.look(workers_[i].worker.busy_cycles.get(), elapsed);
    rates.idle_cycles.look(workers_[i].worker.idle_cycles.get(), elapsed);
    rates.packets_in.look(over_ports(workers_[i], &port::Counters::received_packets), elapsed);
    rates.packets_out.look(over_ports(workers_[i], &port::Counters::transmitted_packets), elapsed);
  }
}

void Monitor::clear(HttpStatistics::Clear what) {
  http_.clear(engine_.snapshot().http, what);
  for (Rate* rate : {&sessions_, &handshakes_, &full_handshakes_, &full_backend_handshakes_}) {
    rate->clear_maximum();
  }
}

bool Monitor::in_use(const std::string& backend, const std::string& server) const {
  for (const auto& each : engine_.snapshot().http.backends) {
    if (each == nullptr || each->name != backend) continue;
    for (const http::Server& one : each->servers) {
      if (one.name == server) return http_.in_use(one.id);
    }
  }
  return false;
}

std::vector<StatRow> Monitor::stat_rows() {
  auto rows = http_.rows(engine_.snapshot().http, uptime());
  if (!stopping_) return rows;
  for (StatRow& row : rows) {
    if (row.kind() == RowKind::kFrontend) row.set("status", "STOP");
  }
  return rows;
}

double Monitor::idle_percent() const {
  double idle = 0;
  for (const WorkerRates& rates : worker_rates_) idle += 100 - rates.load();
  return worker_rates_.empty() ? 100 : idle / static_cast<double>(worker_rates_.size());
}

InfoTable Monitor::info() const {
  const std::uint64_t up = uptime();
  InfoTable table;
  table.add("Name", kProductTags, "Sluice")
      .add("Version", kProductTags, std::string(kVersion))
      .add("Release_date", kProductTags, std::string(kReleaseDate))
      .add("Nbthread", kSettingTags, workers_.size())
      .add("Nbproc", kSettingTags, 1)
      .add("Process_num", kKeyTags, 1)
      .add("Pid", kStatusTags, static_cast<std::uint64_t>(::getpid()))
      .add("Uptime", kDurationTextTags, format_uptime(up))
      .add("Uptime_sec", kDurationTags, up)
      .add("Memmax_MB", kLimitTags, engine_.memory().total_mib)
      .add("Ulimit-n", kLimitTags, open_file_limit());
  add_connections(table);
  add_tls(table);
  table.add("Maxpipes", kLimitTags, 0).add("PipesUsed", kGaugeTags, 0);
  table.add("PipesFree", kGaugeTags, 0).add("Tasks", kGaugeTags, engine_.connections());
  table.add("Run_queue", kGaugeTags, 0)
      .add("Idle_pct", kAverageTags, static_cast<std::uint64_t>(idle_percent()))
      .add("node", FigureTags{"Config", "Output", "Service", "str"}, host_name())
      .add("Stopping", kGaugeTags, stopping_ ? 1 : 0)
      .add("Jobs", kGaugeTags, http_.totals(engine_.snapshot().http).sessions)
      .add("Listeners", kGaugeTags, listeners(engine_.snapshot().http))
      .add("TotalBytesOut", kBytesTags, http_.totals(engine_.snapshot().http).bytes_out)
      .add("BytesOutRate", FigureTags{"Metric", "Rate", "Process", "u64"}, bytes_out_.current())
      .add("Start_time_sec", kDurationTags, static_cast<std::uint64_t>(started_at_));
  add_own(table);
  return table;
}

void Monitor::add_connections(InfoTable& table) const {
  const HttpTotals totals = http_.totals(engine_.snapshot().http);
  const std::uint64_t maximum = engine_.config().process.max_connections;
  table.add("Maxconn", kLimitTags, maximum).add("Hard_maxconn", kLimitTags, maximum);
  table.add("CurrConns", kGaugeTags, totals.sessions)
      .add("CumConns", kCounterTags, totals.sessions_ever)
      .add("CumReq", kCounterTags, totals.requests)
      .add("ConnRate", kRateTags, sessions_.current())
      .add("MaxConnRate", kMaximumTags, sessions_.maximum())
      .add("SessRate", kRateTags, sessions_.current())
      .add("MaxSessRate", kMaximumTags, sessions_.maximum());
}

void Monitor::add_tls(InfoTable& table) const {
  const std::uint64_t rate = handshakes_.current();
  table
      .add("CumSslConns", kCounterTags,
           sum([](const auto& worker) { return worker.tls.handshakes_completed.get(); }))
      .add("SslRate", kRateTags, rate)
      .add("MaxSslRate", kMaximumTags, handshakes_.maximum())
      .add("SslFrontendKeyRate", kGaugeTags, full_handshakes_.current())
      .add("SslFrontendMaxKeyRate", kMaximumTags, full_handshakes_.maximum())
      .add("SslFrontendSessionReuse_pct", kGaugeTags,
           rate == 0 ? 0 : std::min<std::uint64_t>(100, 100 * resumed_handshakes_.current() / rate))
      .add("SslBackendKeyRate", kGaugeTags, full_backend_handshakes_.current())
      .add("SslBackendMaxKeyRate", kMaximumTags, full_backend_handshakes_.maximum());
}

// Of every frontend; what two of them show counts twice.
void Monitor::add_certificates(InfoTable& table) const {
  std::uint64_t count = 0;
  std::int64_t first_end = 0;
  for (const auto& frontend : engine_.snapshot().http.frontends) {
    if (frontend == nullptr || frontend->identities.empty()) continue;
    for (const auto& certificate : frontend->identities.front()->certificates().certificates()) {
      const std::int64_t end = certificate->info().not_after;
      first_end = count++ == 0 ? end : std::min(first_end, end);
    }
  }
  table.add("Certificates", kGaugeTags, count)
      .add("FirstCertificateEnd_sec", kGaugeTags, static_cast<std::uint64_t>(first_end));
}

// What HAProxy has no word for.
void Monitor::add_own(InfoTable& table) const {
  using Worker = WorkerCounters;
  std::uint64_t packets_in = 0;
  std::uint64_t packets_out = 0;
  for (const WorkerRates& rates : worker_rates_) {
    packets_in += rates.packets_in.current();
    packets_out += rates.packets_out.current();
  }
  table.add("Snapshot", kStatusTags, engine_.snapshot().generation)
      .add("TcpConns", kGaugeTags, sum([](const Worker& w) { return w.tcp.connections.get(); }))
      .add("TcpHalfOpen", kGaugeTags, sum([](const Worker& w) { return w.tcp.half_open.get(); }))
      .add("TcpTimeWait", kGaugeTags, sum([](const Worker& w) { return w.tcp.time_wait.get(); }))
      .add("PacketsInRate", kRateTags, packets_in)
      .add("PacketsOutRate", kRateTags, packets_out)
      .add("PacketsDropped", kCounterTags, sum(drops))
      .add("Buffers", kLimitTags, sum([](const Worker& w) { return w.pool.capacity(); }))
      .add("BuffersFree", kGaugeTags, sum([](const Worker& w) { return w.pool.available(); }))
      .add("BufferFailures", kCounterTags,
           sum([](const Worker& w) { return w.pool.allocation_failures(); }));
  add_certificates(table);
}

TextTable Monitor::workers() const {
  TextTable table({"worker", "cpu", "load_pct", "loops_s", "packets_in_s", "packets_out_s",
                   "connections", "half_open", "time_wait", "handed_off", "drops", "buffers",
                   "buffers_free", "buffer_failures"});
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const WorkerCounters& worker = workers_[i];
    const WorkerRates& rates = worker_rates_[i];
    table.add({std::uint64_t{i}, std::uint64_t{engine_.cpus()[i]}, rates.load(),
               rates.loops.current(), rates.packets_in.current(), rates.packets_out.current(),
               worker.tcp.connections.get(), worker.tcp.half_open.get(), worker.tcp.time_wait.get(),
               over_ports(worker, &port::Counters::handed_off), drops(worker),
               std::uint64_t{worker.pool.capacity()}, std::uint64_t{worker.pool.available()},
               worker.pool.allocation_failures()});
  }
  return table;
}

TextTable Monitor::ports() const {
  TextTable table({"port", "driver", "link", "queues", "packets_in", "bytes_in", "packets_out",
                   "bytes_out", "drops_out", "missed", "errors_in", "errors_out", "no_buffer"});
  for (const port::Port* port : engine_.fleet().ports()) {
    const auto total = [&](Counter port::Counters::*counter) {
      return sum([&](const WorkerCounters& worker) {
        return (worker.ports[port->id().index()]->*counter).get();
      });
    };
    const port::DeviceStatistics device = port->device_statistics();
    table.add({port->device_name().text, port->summary().driver,
               std::string(port->link().up() ? "up" : "down"),
               std::uint64_t{port->queues().queues()}, total(&port::Counters::received_packets),
               total(&port::Counters::received_bytes), total(&port::Counters::transmitted_packets),
               total(&port::Counters::transmitted_bytes), total(&port::Counters::transmit_drops),
               device.missed, device.receive_errors, device.transmit_errors, device.no_buffer});
  }
  return table;
}

std::vector<const tls::HandshakeStatistics*> Monitor::handshake_statistics() const {
  std::vector<const tls::HandshakeStatistics*> workers;
  for (const auto& program : engine_.programs()) {
    workers.push_back(&program->handshake_statistics());
  }
  return workers;
}

TextTable Monitor::tls() const {
  return handshake_table(handshake_statistics());
}

WorkerReport Monitor::report_of(std::size_t worker) const {
  const WorkerCounters& counters = workers_[worker];
  WorkerReport report;
  report.cpu = engine_.cpus()[worker];
  report.load = worker_rates_[worker].load() / 100;
  report.packets_received = over_ports(counters, &port::Counters::received_packets);
  report.packets_sent = over_ports(counters, &port::Counters::transmitted_packets);
  report.packets_dropped = drops(counters);
  report.buffers = counters.pool.capacity();
  report.buffers_low = counters.pool.low_mark();
  report.buffers_critical = counters.pool.critical_mark();
  const auto index = static_cast<std::uint32_t>(worker);
  report.connections_limit = engine_.fleet().worker(index).stack().capacity();
  report.handshakes_waiting_limit = engine_.config().process.tls.handshakes.waiting;
  report.counters.reserve(counter_catalog().size());
  for (const CounterEntry& entry : counter_catalog()) {
    report.counters.push_back(entry.read(counters));
  }
  return report;
}

Report Monitor::report() {
  Report report;
  report.info = info();
  report.rows = stat_rows();
  report.latencies = latencies();
  for (std::size_t i = 0; i < workers_.size(); ++i) report.workers.push_back(report_of(i));
  for (const port::Port* port : engine_.fleet().ports()) {
    const port::DeviceStatistics device = port->device_statistics();
    report.ports.push_back({port->device_name().text, port->link().up(), device.missed,
                            device.receive_errors, device.transmit_errors, device.no_buffer});
  }
  report.handshakes = count_handshakes(handshake_statistics());
  if (const AccessLog* log = engine_.access_log()) {
    report.access_log_lines = log->written();
    report.access_log_lost_lines = log->lost();
  }
  return report;
}

LatencyReport Monitor::latencies() const {
  LatencyReport report;
  for (const tls::HandshakeStatistics* worker : handshake_statistics()) {
    report.full_handshake.add(worker->full().time);
    report.resumed_handshake.add(worker->resumed().time);
  }
  report.backends = http_.latencies(engine_.snapshot().http);
  return report;
}

TextTable Monitor::interfaces() const {
  TextTable table({"interface", "address", "mtu", "ports"});
  for (const ip::Interface& interface : engine_.interfaces()) {
    std::string ports;
    for (const port::LinkProperties& link : interface.ports()) {
      const port::Port* port = engine_.fleet().ports()[link.port.index()];
      ports += (ports.empty() ? "" : " ") + port->device_name().text;
    }
    for (const wire::Prefix& address : interface.addresses()) {
      table.add({interface.name(), address.to_string(), std::uint64_t{interface.mtu()}, ports});
    }
  }
  return table;
}

std::string Monitor::activity(const std::string& prefix) const {
  const std::string count = std::to_string(workers_.size());
  std::string text = "thread_id: " + count + " (1.." + count + ")\n";
  for (const CounterEntry& entry : counter_catalog()) {
    if (!entry.name.starts_with(prefix)) continue;
    std::uint64_t total = 0;
    std::string each;
    for (const WorkerCounters& worker : workers_) {
      const std::uint64_t value = entry.read(worker);
      total += value;
      each += std::to_string(value) + " ";
    }
    if (total > 0) text += entry.name + ": " + std::to_string(total) + " [ " + each + "]\n";
  }
  return text;
}

TextTable Monitor::counters(const std::string& prefix, bool only_nonzero) const {
  TextTable table({"counter", "value", "meaning"});
  for (const CounterEntry& entry : counter_catalog()) {
    if (!entry.name.starts_with(prefix)) continue;
    const std::uint64_t value = sum(entry.read);
    if (value == 0 && only_nonzero) continue;
    table.add({entry.name, value, entry.help});
  }
  return table;
}

}  // namespace sluice::control
