#include "bench/load/summary.h"

#include <spdlog/fmt/fmt.h>

#include <array>
#include <nlohmann/json.hpp>

#include "bench/load/bounds.h"

namespace sluice::load {
namespace {

constexpr std::array<double, 6> kPercentiles{50, 75, 90, 99, 99.9, 99.99};
// Above this its own core may have shaped what was measured.
constexpr double kOwnLimit = 0.95;

double micros(Duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

double per_second(std::uint64_t now, std::uint64_t before, double seconds) {
  return seconds > 0 ? static_cast<double>(now - before) / seconds : 0;
}

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

// What was declared to make the client cheaper is part of the result.
const char* verification_text(const tls::ClientSettings& settings) {
  if (settings.verification == tls::Verification::kNone) return "not verified";
  return settings.remember_verified ? "verified, once each" : "verified";
}

const char* noun_of(Mode mode) {
  switch (mode) {
    case Mode::kConnect:
      return "connections";
    case Mode::kHandshake:
      return "handshakes";
    default:
      return "good responses";
  }
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

// What, if anything, kept the load tester itself from showing what the server can do.
std::vector<std::string> own_limits(const Outcome& outcome) {
  const Results& results = outcome.results;
  std::vector<std::string> limits;
  if (results.own_load(outcome.settled) > kOwnLimit) {
    limits.emplace_back("its own cores were busy all the time");
  }
  if (results.receive_drops > 0) {
    limits.push_back(fmt::format("its ports dropped {} received packets", results.receive_drops));
  }
  if (results.transmit_drops > 0) {
    limits.push_back(fmt::format("its ports did not take {} packets", results.transmit_drops));
  }
  if (results.missed_starts > 0) {
    limits.push_back(fmt::format("{} starts were missed", results.missed_starts));
  }
  if (results.late_starts > 0) {
    limits.push_back(fmt::format("{} starts were more than 1 ms late", results.late_starts));
  }
  return limits;
}

nlohmann::json latency_json(const Distribution& values) {
  nlohmann::json json;
  json["count"] = values.count();
  json["mean_us"] = micros(values.mean());
  for (const double percent : kPercentiles) {
    json[fmt::format("p{}_us", percent)] = micros(values.percentile(percent));
  }
  json["max_us"] = micros(values.largest());
  return json;
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

std::string search_json(const std::vector<Trial>& trials, double best) {
  nlohmann::json json;
  json["best_rate"] = best;
  json["trials"] = nlohmann::json::array();
  for (const Trial& trial : trials) {
    json["trials"].push_back({{"offered", trial.offered},
                              {"done", trial.done},
                              {"failed", trial.results.failed()},
                              {"tester_busy", trial.results.own_load()},
                              {"latency", latency_json(trial.results.total)},
                              {"broken", trial.broken}});
  }
  return json.dump(2) + "\n";
}

std::string live_line(Mode mode, const Results& now, const Results& before, double seconds) {
  const Distribution interval = now.total.since(before.total);
  return fmt::format(
      "{:6.1f}s {:>9}/s  {:>7} in flight  {:>7} open  {:>6} failed  p50 {:>8}  p99 {:>8}  "
      "{} drops  own load {:.0f}%\n",
      seconds, now.done(mode) - before.done(mode), now.in_flight, now.open, now.failed(),
      format_latency(interval.percentile(50)), format_latency(interval.percentile(99)),
      now.receive_drops + now.transmit_drops, 100 * now.own_load(before));
}

std::string summary_text(const Settings& settings, const Outcome& outcome) {
  const Results& results = outcome.results;
  const Results& settled = outcome.settled;
  const double seconds = outcome.settled_seconds;
  std::string text =
      fmt::format("\n{} {} in {:.2f} s: {:.0f} a second", results.done(settings.mode),
                  noun_of(settings.mode), outcome.seconds, outcome.rate(settings.mode));
  text += settled.done(settings.mode) > 0 ? " once it was under way\n" : "\n";
  text += fmt::format("connections  {} started, {} opened, {} closed, {} left under way\n",
                      results.connections_started, results.connections_opened,
                      results.connections_closed, outcome.unfinished);
  if (results.handshakes > 0) {
    text += fmt::format("TLS          {} handshakes, {} resumed ({:.1f}%); certificates {}\n",
                        results.handshakes, results.handshakes_resumed,
                        100.0 * static_cast<double>(results.handshakes_resumed) /
                            static_cast<double>(results.handshakes),
                        verification_text(settings.tls));
  }
  if (results.requests > 0) {
    text += fmt::format("responses    {:.3f} Gbit/s of bodies;",
                        per_second(results.body_bytes, settled.body_bytes, seconds) * 8 / 1e9);
    for (const auto& [status, count] : results.statuses)
      text += fmt::format(" {}: {}", status, count);
    text += "\n";
  }
  text += failure_lines(results) + latency_table(results);
  text += fmt::format("segments     {} sent ({} again), {} received\n", results.segments_sent,
                      results.retransmissions, results.segments_received);
  const std::vector<std::string> limits = own_limits(outcome);
  text += fmt::format("load tester  {:.0f}% busy", 100 * results.own_load(settled));
  if (limits.empty()) return text + ", was not the limit\n";
  text += "; IT WAS A LIMIT:\n";
  for (const std::string& limit : limits) text += "  " + limit + "\n";
  return text;
}

std::string summary_json(const Settings& settings, const Outcome& outcome) {
  const Results& results = outcome.results;
  const Results& settled = outcome.settled;
  const double seconds = outcome.settled_seconds;
  nlohmann::json json;
  json["seconds"] = outcome.seconds;
  json["rate"] = outcome.rate(settings.mode);
  json["body_bits_per_second"] = per_second(results.body_bytes, settled.body_bytes, seconds) * 8;
  json["connections"] = {{"started", results.connections_started},
                         {"opened", results.connections_opened},
                         {"closed", results.connections_closed},
                         {"unfinished", outcome.unfinished}};
  json["tls"] = {{"handshakes", results.handshakes},
                 {"resumed", results.handshakes_resumed},
                 {"certificates", verification_text(settings.tls)},
                 {"failures", nlohmann::json::object()}};
  for (const auto& [failure, count] : results.tls_failures) {
    json["tls"]["failures"][tls::to_string(failure)] = count;
  }
  json["requests"] = results.requests;
  json["responses"] = results.responses;
  json["body_bytes"] = results.body_bytes;
  json["statuses"] = nlohmann::json::object();
  for (const auto& [status, count] : results.statuses) {
    json["statuses"][std::to_string(status)] = count;
  }
  json["failures"] = nlohmann::json::object();
  for (std::size_t i = 0; i < kFailures; ++i) {
    if (results.failures[i] == 0) continue;
    json["failures"][std::string(name_of(static_cast<Failure>(i)))] = results.failures[i];
  }
  json["latency"] = {{"connect", latency_json(results.connect)},
                     {"handshake", latency_json(results.handshake)},
                     {"first_byte", latency_json(results.first_byte)},
                     {"total", latency_json(results.total)}};
  json["segments"] = {{"sent", results.segments_sent},
                      {"received", results.segments_received},
                      {"retransmitted", results.retransmissions}};
  json["tester"] = {
      {"busy", results.own_load(settled)},        {"receive_drops", results.receive_drops},
      {"transmit_drops", results.transmit_drops}, {"late_starts", results.late_starts},
      {"missed_starts", results.missed_starts},   {"limits", own_limits(outcome)}};
  return json.dump(2) + "\n";
}

}  // namespace sluice::load
