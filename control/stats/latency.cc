#include "control/stats/latency.h"

#include <algorithm>
#include <chrono>

namespace sluice::control {
namespace {

void add_row(TextTable& table, const std::string& of, const char* time, const Latency& latency) {
  const std::uint64_t count = latency.distribution.count();
  if (count == 0) return;
  // The middle of a bucket may lie above the longest time in it.
  const auto percentile = [&](double percent) {
    const auto taken = latency.distribution.percentile(percent);
    const auto microseconds = std::chrono::floor<std::chrono::microseconds>(taken).count();
    return std::min(static_cast<std::uint64_t>(microseconds), latency.longest_microseconds);
  };
  table.add({of, std::string(time), count, latency.total_microseconds / count, percentile(50),
             percentile(90), percentile(99), percentile(99.9), latency.longest_microseconds});
}

}  // namespace

void Latency::add(const MeasuredDuration& worker, const MeasuredDuration* base) {
  SmallDistribution all;
  all.add(worker.histogram());
  if (base == nullptr) {
    distribution.add(all);
    total_microseconds += worker.total_microseconds();
    longest_microseconds = std::max(longest_microseconds, worker.longest_microseconds());
    return;
  }
  SmallDistribution before;
  before.add(base->histogram());
  const SmallDistribution since = all.since(before);
  distribution.add(since);
  total_microseconds += worker.total_microseconds() - base->total_microseconds();
  // The longest of all may be the base's: the bucket of the longest since then is known.
  const auto longest =
      worker.longest_microseconds() > base->longest_microseconds()
          ? worker.longest_microseconds()
          : static_cast<std::uint64_t>(
                std::chrono::floor<std::chrono::microseconds>(since.largest()).count());
  longest_microseconds = std::max(longest_microseconds, longest);
}

TextTable latency_table(const LatencyReport& report) {
  TextTable table(
      {"of", "time", "count", "mean_us", "p50_us", "p90_us", "p99_us", "p99.9_us", "max_us"});
  add_row(table, "clients", "full_handshake", report.full_handshake);
  add_row(table, "clients", "resumed_handshake", report.resumed_handshake);
  for (const BackendLatency& backend : report.backends) {
    add_row(table, backend.backend, "queue", backend.queue);
    add_row(table, backend.backend, "connect", backend.connect);
    add_row(table, backend.backend, "response", backend.response);
    add_row(table, backend.backend, "total", backend.total);
  }
  return table;
}

}  // namespace sluice::control
