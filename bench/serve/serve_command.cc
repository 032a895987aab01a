#include "bench/serve/serve_command.h"

#include <poll.h>
#include <rte_cycles.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "bench/common/option_values.h"
#include "bench/serve/serve_program.h"
#include "control/commands.h"
#include "control/dataplane.h"
#include "control/log.h"
#include "control/signal_queue.h"

namespace sluice::serve {
namespace {

constexpr auto kLineEvery = std::chrono::seconds(1);

struct Totals {
  std::uint64_t connections = 0;
  std::uint64_t open = 0;
  std::uint64_t requests = 0;
  std::uint64_t bad = 0;
  std::uint64_t failures = 0;
  std::uint64_t handshakes = 0;
  std::uint64_t body_bytes = 0;
};

using Programs = std::vector<std::unique_ptr<ServeProgram>>;

Totals totals_of(const Programs& programs) {
  Totals totals;
  for (const auto& program : programs) {
    const Statistics& from = program->statistics();
    totals.connections += from.connections.get();
    totals.open += from.open.get();
    totals.requests += from.requests.get();
    totals.bad += from.bad_requests.get();
    totals.failures += from.failures.get();
    totals.handshakes += program->tls_counters().handshakes_completed.get();
    totals.body_bytes += from.body_bytes.get();
  }
  return totals;
}

void print_line(const Totals& now, const Totals& before, std::uint64_t buffers) {
  std::fprintf(stderr,
               "%9lu conn/s  %9lu req/s  %8lu TLS/s  %8lu open  %lu bad  %lu failed  %lu buffers\n",
               now.connections - before.connections, now.requests - before.requests,
               now.handshakes - before.handshakes, now.open, now.bad, now.failures, buffers);
}

// Those of the ports' rings are among them.
std::uint64_t buffers_in_use(control::Dataplane& dataplane) {
  std::uint64_t buffers = 0;
  for (std::uint32_t index = 0; index < dataplane.fleet().size(); ++index) {
    const PacketPool& pool = dataplane.fleet().worker(index).pool();
    buffers += pool.capacity() - pool.available();
  }
  return buffers;
}

void write_totals(const std::string& path, const Totals& totals,
                  const control::Dataplane& dataplane) {
  std::uint64_t busy = 0;
  std::uint64_t idle = 0;
  for (std::uint32_t index = 0; index < dataplane.fleet().size(); ++index) {
    const worker::Counters& counters = dataplane.fleet().worker(index).counters();
    busy += counters.busy_cycles.get();
    idle += counters.idle_cycles.get();
  }
  nlohmann::json json;
  json["connections"] = totals.connections;
  json["requests"] = totals.requests;
  json["bad_requests"] = totals.bad;
  json["failures"] = totals.failures;
  json["handshakes"] = totals.handshakes;
  json["body_bytes"] = totals.body_bytes;
  json["busy_seconds"] = static_cast<double>(busy) / static_cast<double>(rte_get_tsc_hz());
  json["idle_seconds"] = static_cast<double>(idle) / static_cast<double>(rte_get_tsc_hz());
  std::ofstream file(path, std::ios::trunc);
  file << json.dump(2) << "\n";
  if (!file.flush()) throw std::runtime_error(path + ": cannot be written");
}

void serve_until_signal(control::Dataplane& dataplane, const Programs& programs,
                        const control::SignalQueue& signals, bool quiet) {
  Totals before;
  auto next_line = std::chrono::steady_clock::now() + kLineEvery;
  for (;;) {
    pollfd wait{signals.fd(), POLLIN, 0};
    (void)::poll(&wait, 1, 100);
    if (signals.next() != 0) return;
    dataplane.watch_links();
    if (std::chrono::steady_clock::now() < next_line) continue;
    next_line += kLineEvery;
    const Totals now = totals_of(programs);
    if (!quiet) print_line(now, before, buffers_in_use(dataplane));
    before = now;
  }
}

}  // namespace

ServeCommand::ServeCommand(CLI::App& parent)
    : command_(parent.add_subcommand("serve", "Be an origin: answer every HTTP request")) {
  interface_.add_to(*command_);
  CLI::App& command = *command_;
  command.add_option("--listen", listen_, "Port, or address:port (default 80; 443 with TLS)")
      ->allow_extra_args(false);
  command
      .add_option("--certificate", certificates_,
                  "PEM file or directory: serve TLS instead of plain HTTP")
      ->allow_extra_args(false);
  command.add_option("--tls-records", tls_records_,
                     "Who protects TLS records: own or openssl (default own)");
  command.add_option("--size", size_, "Bytes of a body: N or N-M (default 64)");
  command.add_option("--status", statuses_, "Status mix: 200:99,503:1 (default 200)");
  command.add_option("--delay", delay_, "Time before every response: 5ms");
  command.add_option("--stall", stall_, "FOR/EVERY: answer nothing for a while: 500ms/1s");
  command.add_flag("--close", close_, "Close behind every response");
  command.add_option("--connections", connections_, "Most connections at a time (default 65536)");
  command.add_option("--json", json_file_, "Write what was done to FILE at the end");
  command.add_flag("--quiet", quiet_, "No line a second");
}

Settings ServeCommand::settings(const control::Config& config) const {
  Settings settings;
  if (!certificates_.empty()) {
    // One key for all workers, so that a session resumes whichever of them its connection meets.
    settings.ticket_keys = std::make_shared<const tls::TicketKeys>(
        tls::TicketKeyRing({{tls::TicketKey::random()}}, 0));
    settings.identities = bench::load_identities(certificates_, config.process.workers.value,
                                                 {.tickets = {.keys = settings.ticket_keys.get()}});
  }
  settings.record_layer = bench::parse_record_layer("--tls-records", tls_records_);
  const std::uint16_t port = settings.identities.empty() ? 80 : 443;
  settings.listen = bench::parse_listen(listen_, port, bench::own_addresses(config));
  const auto [smallest, largest] = bench::parse_range("--size", size_);
  settings.smallest_body = smallest;
  settings.largest_body = largest;
  settings.statuses.clear();
  for (const auto& [status, weight] : bench::parse_shares("--status", statuses_)) {
    settings.statuses.push_back({static_cast<unsigned>(status), weight});
  }
  settings.close = close_;
  if (!delay_.empty()) settings.delay = bench::parse_time("--delay", delay_);
  if (!stall_.empty()) {
    const std::size_t slash = stall_.find('/');
    if (slash == std::string::npos) throw std::invalid_argument("--stall: expected FOR/EVERY");
    settings.stall_for = bench::parse_time("--stall", stall_.substr(0, slash));
    settings.stall_every = bench::parse_time("--stall", stall_.substr(slash + 1));
  }
  return settings;
}

int ServeCommand::run() {
  const control::Config config = interface_.config(
      static_cast<std::uint32_t>(bench::parse_number("--connections", connections_)));
  control::set_log_level(config.process.log_level);
  const Settings settings = this->settings(config);
  const control::SignalQueue signals;
  control::Dataplane dataplane(config);
  for (const std::string& warning : dataplane.fleet().warnings()) control::log_warning(warning);
  Programs programs;
  std::vector<worker::Application*> applications;
  for (std::uint32_t index = 0; index < dataplane.fleet().size(); ++index) {
    programs.push_back(std::make_unique<ServeProgram>(dataplane.fleet().worker(index), settings));
    applications.push_back(programs.back().get());
  }
  dataplane.start(applications);
  serve_until_signal(dataplane, programs, signals, quiet_);
  if (!json_file_.empty()) write_totals(json_file_, totals_of(programs), dataplane);
  for (const auto& program : programs) program->end();
  dataplane.join();
  return control::kSuccess;
}

}  // namespace sluice::serve
