#include "bench/load/results.h"

#include <numeric>

namespace sluice::load {
namespace {

void add_program(Results& to, const Statistics& from) {
  to.connections_started += from.connections_started.get();
  to.connections_opened += from.connections_opened.get();
  to.connections_closed += from.connections_closed.get();
  to.handshakes += from.handshakes.get();
  to.handshakes_resumed += from.handshakes_resumed.get();
  to.requests += from.requests.get();
  to.responses += from.responses.get();
  to.head_bytes += from.head_bytes.get();
  to.body_bytes += from.body_bytes.get();
  to.open += from.open.get();
  to.in_flight += from.in_flight.get();
  to.due += from.due.get();
  to.late_starts += from.late_starts.get();
  to.missed_starts += from.missed_starts.get();
  for (std::size_t i = 0; i < kFailures; ++i) to.failures[i] += from.failures[i].get();
  to.connect.add(from.connect);
  to.handshake.add(from.handshake);
  to.first_byte.add(from.first_byte);
  to.total.add(from.total);
}

void add_tls_failures(Results& to, const TlsFailures& from) {
  using Kind = tls::Failure::Kind;
  const auto add = [&](Kind kind, std::size_t code, const Counter& counter) {
    if (counter.get() == 0) return;
    to.tls_failures[{kind, static_cast<std::uint32_t>(code)}] += counter.get();
  };
  for (std::size_t code = 0; code < from.alerts_received.size(); ++code) {
    add(Kind::kAlertReceived, code, from.alerts_received[code]);
    add(Kind::kAlertSent, code, from.alerts_sent[code]);
  }
  add(Kind::kCertificate, X509_V_ERR_UNSPECIFIED, from.certificate);
  add(Kind::kProtocol, 0, from.other);
}

void add_worker(Results& to, const worker::Worker& worker, std::size_t ports) {
  const tcp::Counters& tcp = worker.stack().counters();
  to.retransmissions += tcp.retransmitted_segments.get();
  to.segments_sent += tcp.segments_sent.get();
  to.segments_received += tcp.segments_received.get();
  to.resets_sent += tcp.resets_sent.get();
  to.resets_received += tcp.resets_received.get();
  to.time_wait += tcp.time_wait.get();
  for (std::size_t i = 0; i < ports; ++i) {
    const port::Counters& port =
        worker.port_counters(port::PortId(static_cast<port::PortId::rep>(i)));
    to.transmit_drops += port.transmit_drops.get();
  }
  const std::uint64_t busy = worker.counters().busy_cycles.get();
  to.busy_cycles += busy;
  to.cycles += busy + worker.counters().idle_cycles.get();
}

}  // namespace

Results Results::since(const Results& earlier) const {
  Results difference = *this;
  difference.connections_started -= earlier.connections_started;
  difference.connections_opened -= earlier.connections_opened;
  difference.connections_closed -= earlier.connections_closed;
  difference.handshakes -= earlier.handshakes;
  difference.handshakes_resumed -= earlier.handshakes_resumed;
  difference.requests -= earlier.requests;
  difference.responses -= earlier.responses;
  difference.head_bytes -= earlier.head_bytes;
  difference.body_bytes -= earlier.body_bytes;
  difference.due -= earlier.due;
  difference.late_starts -= earlier.late_starts;
  difference.missed_starts -= earlier.missed_starts;
  for (std::size_t i = 0; i < kFailures; ++i) difference.failures[i] -= earlier.failures[i];
  difference.connect = connect.since(earlier.connect);
  difference.handshake = handshake.since(earlier.handshake);
  difference.first_byte = first_byte.since(earlier.first_byte);
  difference.total = total.since(earlier.total);
  difference.retransmissions -= earlier.retransmissions;
  difference.segments_sent -= earlier.segments_sent;
  difference.segments_received -= earlier.segments_received;
  difference.resets_sent -= earlier.resets_sent;
  difference.resets_received -= earlier.resets_received;
  difference.receive_drops -= earlier.receive_drops;
  difference.transmit_drops -= earlier.transmit_drops;
  difference.busy_cycles -= earlier.busy_cycles;
  difference.cycles -= earlier.cycles;
  return difference;
}

std::uint64_t Results::failed() const {
  return std::accumulate(failures.begin(), failures.end(), std::uint64_t{0});
}

double Results::own_load(const Results& earlier) const {
  const std::uint64_t all = cycles - earlier.cycles;
  if (all == 0) return 0;
  return static_cast<double>(busy_cycles - earlier.busy_cycles) / static_cast<double>(all);
}

Results collect(std::span<const std::unique_ptr<LoadProgram>> programs,
                const control::Dataplane& dataplane) {
  Results results;
  std::vector<std::uint64_t> statuses(Statistics{}.statuses.size());
  for (const auto& program : programs) {
    add_program(results, program->statistics());
    add_tls_failures(results, program->statistics().tls_failures);
    for (std::size_t i = 0; i < statuses.size(); ++i) {
      statuses[i] += program->statistics().statuses[i].get();
    }
  }
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    if (statuses[i] > 0) results.statuses.emplace_back(static_cast<unsigned>(i), statuses[i]);
  }
  const worker::Fleet& fleet = dataplane.fleet();
  for (std::uint32_t index = 0; index < fleet.size(); ++index) {
    add_worker(results, fleet.worker(index), fleet.ports().size());
  }
  for (const port::Port* port : fleet.ports()) {
    const port::DeviceStatistics device = port->device_statistics();
    results.receive_drops += device.missed + device.no_buffer;
  }
  return results;
}

}  // namespace sluice::load
