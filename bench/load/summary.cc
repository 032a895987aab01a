#include "bench/load/summary.h"

#include <spdlog/fmt/fmt.h>

#include <numeric>

#include "bench/load/bounds.h"
#include "bench/load/description.h"
#include "bench/load/percentiles.h"

namespace sluice::load {
namespace {

std::string latency_line(const char* name, const Distribution& values) {
  if (values.count() == 0) return {};
  std::string line = fmt::format("  {:<11}", name);
  for (const double percent : kPercentiles)
    line += fmt::format("{:>11}", format_latency(values.percentile(percent)));
  return line + fmt::format("{:>11}\n", format_latency(values.largest()));
}

std::string latency_table(const Results& results) {
  std::string head = "latency      ";
  for (const double percent : kPercentiles)
    head += fmt::format("{:>11}", fmt::format("p{}", percent));
  return head + fmt::format("{:>11}\n", "max") + latency_line("connect", results.connect) +
         latency_line("handshake", results.handshake) +
         latency_line("first byte", results.first_byte) + latency_line("total", results.total);
}

std::string failure_lines(const Results& results) {
  std::string lines;
  for (std::size_t i = 0; i < kFailures; ++i) {
    const auto failure = static_cast<Failure>(i);
    if (results.failures[i] == 0) continue;
    lines += fmt::format("  {:>12}  {}{}\n", results.failures[i], to_string(failure),
                         is_own(failure) ? " (the load tester's own limit)" : "");
  }
  for (const auto& [failure, count] : results.tls_failures) {
    lines += fmt::format("  {:>12}  TLS: {}\n", count, tls::to_string(failure));
  }
  return lines.empty() ? "failures     none\n" : "failures\n" + lines;
}

}  // namespace

std::string trial_line(const Trial& trial) {
  std::string line =
      fmt::format("{:>10.0f}/s offered  {:>10.0f}/s done  p50 {:>8}  p99 {:>8}  ", trial.offered,
                  trial.done, format_latency(trial.results.total.percentile(50)),
                  format_latency(trial.results.total.percentile(99)));
  if (trial.broken.empty()) return line + "good\n";
  for (const std::string& bound : trial.broken) {
    line += (&bound == trial.broken.data() ? "" : "; ") + bound;
  }
  return line + "\n";
}

std::string live_line(const Moment& moment) {
  const auto failed =
      std::accumulate(moment.failures.begin(), moment.failures.end(), std::uint64_t{0});
  return fmt::format(
      "{:6.1f}s {:>9.0f}/s  {:>7} in flight  {:>7} open  {:>6} failed  p50 {:>8}  p99 {:>8}  "
      "{} drops  own load {:.0f}%\n",
      moment.end, moment.done, moment.in_flight, moment.open, failed, format_latency(moment.p50),
      format_latency(moment.p99), moment.drops, 100 * moment.own_load);
}

std::string summary_text(const Settings& settings, const Outcome& outcome) {
  const Results& results = outcome.results;
  const Results& settled = outcome.settled;
  std::string text =
      fmt::format("\n{} {} in {:.2f} s: {:.0f} a second", results.done(settings.mode),
                  noun_of(settings.mode), outcome.seconds, outcome.rate(settings.mode));
  text += settled.done(settings.mode) > 0 ? " once it was under way\n" : "\n";
  text += fmt::format(
      "connections  {} started, {} opened, {} closed, {} left under way, {} in TIME_WAIT\n",
      results.connections_started, results.connections_opened, results.connections_closed,
      outcome.unfinished, results.time_wait);
  if (results.handshakes > 0) {
    text += fmt::format("TLS          {} handshakes, {} resumed ({:.1f}%); certificates {}{}\n",
                        results.handshakes, results.handshakes_resumed,
                        100.0 * static_cast<double>(results.handshakes_resumed) /
                            static_cast<double>(results.handshakes),
                        verification_text(settings.tls), key_share_text(settings.tls));
  }
  if (results.requests > 0) {
    text += fmt::format("responses    {:.3f} Gbit/s of bodies;", outcome.body_bits() / 1e9);
    for (const auto& [status, count] : results.statuses)
      text += fmt::format(" {}: {}", status, count);
    text += "\n";
  }
  text += failure_lines(results) + latency_table(results);
  text += fmt::format("segments     {} sent ({} again, {} resets), {} received ({} resets)\n",
                      results.segments_sent, results.retransmissions, results.resets_sent,
                      results.segments_received, results.resets_received);
  const std::vector<std::string> limits = outcome.own_limits();
  text += fmt::format("load tester  {:.0f}% busy", 100 * results.own_load(settled));
  if (limits.empty()) return text + ", was not the limit\n";
  text += "; IT WAS A LIMIT:\n";
  for (const std::string& limit : limits) text += "  " + limit + "\n";
  return text;
}

}  // namespace sluice::load
