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

void add_suites(std::vector<HandshakeCount>& counts, const std::string& group, Workers workers,
                Kind kind) {
  for (std::size_t i = 0; i < HandshakeStatistics::kCipherSuites.size(); ++i) {
    std::uint64_t count = 0;
    for (const HandshakeStatistics* worker : workers) count += (worker->*kind)().suites[i].get();
    if (count > 0) counts.push_back({group, HandshakeStatistics::kCipherSuites[i].name, count});
  }
}

void add_times(TextTable& table, const std::string& group, Workers workers, Kind kind) {
  SmallDistribution times;
  for (const HandshakeStatistics* worker : workers) times.add((worker->*kind)().time.histogram());
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

void add_failures(std::vector<HandshakeCount>& counts, Workers workers) {
  std::map<tls::Failure, std::uint64_t> failures;
  for (const HandshakeStatistics* worker : workers) {
    worker->for_each_failure([&failures](const tls::Failure& failure, std::uint64_t count) {
      failures[failure] += count;
    });
  }
  for (const auto& [failure, count] : failures) {
    counts.push_back({"failed", name_of(failure), count});
  }
}

}  // namespace

std::vector<HandshakeCount> count_handshakes(Workers workers) {
  std::vector<HandshakeCount> counts;
  add_suites(counts, "full", workers, &HandshakeStatistics::full);
  add_suites(counts, "resumed", workers, &HandshakeStatistics::resumed);
  add_failures(counts, workers);
  return counts;
}

TextTable handshake_table(Workers workers) {
  TextTable table({"group", "name", "value"});
  const std::vector<HandshakeCount> counts = count_handshakes(workers);
  const auto add = [&](bool failed) {
    for (const HandshakeCount& each : counts) {
      if ((each.kind == "failed") == failed) table.add({each.kind, each.detail, each.count});
    }
  };
  add(false);
  add_times(table, "full_us", workers, &HandshakeStatistics::full);
  add_times(table, "resumed_us", workers, &HandshakeStatistics::resumed);
  add(true);
  return table;
}

}  // namespace sluice::control
