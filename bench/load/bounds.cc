#include "bench/load/bounds.h"

#include <spdlog/fmt/fmt.h>

#include <stdexcept>

#include "bench/common/option_values.h"

namespace sluice::load {

std::vector<std::string> Bounds::broken(const Results& results, Mode mode, double rate) const {
  std::vector<std::string> lines;
  const std::uint64_t failed = results.failed();
  const std::uint64_t all = results.done(mode) + failed;
  const double share = all > 0 ? static_cast<double>(failed) / static_cast<double>(all) : 0;
  if (share > failed_share) {
    lines.push_back(fmt::format("{} of {} failed", failed, all));
  }
  for (const auto& [percent, most] : latencies) {
    const Duration is = results.total.percentile(percent);
    if (is <= most) continue;
    lines.push_back(
        fmt::format("p{} is {}, more than {}", percent, format_latency(is), format_latency(most)));
  }
  if (rate < least_rate) {
    lines.push_back(fmt::format("{:.0f} a second, fewer than {:.0f}", rate, least_rate));
  }
  return lines;
}

std::pair<double, Duration> parse_latency_bound(const std::string& text) {
  const std::vector<std::string> parts = bench::split(text, '=');
  if (parts.size() != 2 || !parts[0].starts_with('p')) {
    throw std::invalid_argument("--max-latency " + text + ": expected pPERCENT=TIME, like p99=5ms");
  }
  const double percent = bench::parse_rate("--max-latency", parts[0].substr(1));
  if (percent > 100) throw std::invalid_argument("--max-latency " + text + ": more than p100");
  return {percent, bench::parse_time("--max-latency", parts[1])};
}

std::string format_latency(Duration time) {
  const double us = std::chrono::duration<double, std::micro>(time).count();
  if (us < 1000) return fmt::format("{:.1f}us", us);
  if (us < 1'000'000) return fmt::format("{:.2f}ms", us / 1e3);
  return fmt::format("{:.2f}s", us / 1e6);
}

}  // namespace sluice::load
