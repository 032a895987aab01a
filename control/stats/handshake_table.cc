#include "control/stats/handshake_table.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace sluice::control {
namespace {

using tls::HandshakeStatistics;
using Workers = std::span<const HandshakeStatistics* const>;
using Kind = const HandshakeStatistics::Kind& (HandshakeStatistics::*)() const;

void add_suites(TextTable& table, const std::string& group, Workers workers, Kind kind) {
  for (std::size_t i = 0; i < HandshakeStatistics::kCipherSuites.size(); ++i) {
    std::uint64_t count = 0;
    for (const HandshakeStatistics* worker : workers) count += (worker->*kind)().suites[i].get();
    if (count > 0)
      table.add({group, std::string(HandshakeStatistics::kCipherSuites[i].name), count});
  }
}

void add_times(TextTable& table, const std::string& group, Workers workers, Kind kind) {
  Distribution times;
  for (const HandshakeStatistics* worker : workers) times.add((worker->*kind)().time);
  if (times.count() == 0) return;
  for (const auto& [name, percent] :
       {std::pair{"p50", 50.0}, {"p90", 90.0}, {"p99", 99.0}, {"p99.9", 99.9}}) {
    const auto time = std::chrono::floor<std::chrono::microseconds>(times.percentile(percent));
    table.add({group, std::string(name), static_cast<std::uint64_t>(time.count())});
  }
}

std::string name_of(const tls::Failure& failure) {
  if (failure.kind == tls::Failure::Kind::kNone) return "left or given up";
  if (failure.kind == tls::Failure::Kind::kCertificate) return "certificate not trusted";
  return to_string(failure);
}

void add_failures(TextTable& table, Workers workers) {
  std::map<tls::Failure, std::uint64_t> failures;
  for (const HandshakeStatistics* worker : workers) {
    worker->for_each_failure([&failures](const tls::Failure& failure, std::uint64_t count) {
      failures[failure] += count;
    });
  }
  for (const auto& [failure, count] : failures) {
    table.add({std::string("failed"), name_of(failure), count});
  }
}

}  // namespace

TextTable handshake_table(Workers workers) {
  TextTable table({"group", "name", "value"});
  add_suites(table, "full", workers, &HandshakeStatistics::full);
  add_suites(table, "resumed", workers, &HandshakeStatistics::resumed);
  add_times(table, "full_us", workers, &HandshakeStatistics::full);
  add_times(table, "resumed_us", workers, &HandshakeStatistics::resumed);
  add_failures(table, workers);
  return table;
}

}  // namespace sluice::control
