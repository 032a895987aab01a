#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::control {

/// A frontend, a backend or a server, as `show stat` has it.
struct TopService {
  enum class Kind : std::uint8_t { kFrontend, kBackend, kServer };

  Kind kind = Kind::kServer;
  std::string proxy;
  std::string name;  ///< of a server; empty for others
  std::string status;
  std::uint64_t sessions = 0;
  std::uint64_t queue = 0;
  std::uint64_t rate = 0;   ///< requests in the last second
  std::uint64_t total = 0;  ///< requests
  std::uint64_t errors = 0;
  std::uint64_t responses_4xx = 0;
  std::uint64_t responses_5xx = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t average_ms = 0;  ///< of about the last 1024 requests
};

struct TopWorker {
  std::uint64_t index = 0;
  std::uint64_t cpu = 0;
  double load_percent = 0;
  std::uint64_t connections = 0;
  std::uint64_t packets_in = 0;   ///< in the last second
  std::uint64_t packets_out = 0;  ///< in the last second
  std::uint64_t drops = 0;
  std::uint64_t buffers = 0;
  std::uint64_t buffers_free = 0;
};

/// Microseconds.
struct TopLatency {
  std::uint64_t p50 = 0;
  std::uint64_t p99 = 0;
};

/// What `sluice top` shows: the admin socket's answers, read.
struct TopFigures {
  std::map<std::string, std::string, std::less<>> info;  ///< the fields of `show info`
  std::vector<TopWorker> workers;
  std::vector<TopService> services;                          ///< in the order of `show stat`
  std::map<std::string, TopLatency, std::less<>> latencies;  ///< total times, by backend

  /// A field of `show info`; "-" when it is not there.
  [[nodiscard]] std::string_view info_or_dash(std::string_view field) const;
};

/// The answers to four commands.
struct TopAnswers {
  std::string info;     ///< "show info json"
  std::string workers;  ///< "show workers json"
  std::string stat;     ///< "show stat": a tenth of its JSON form, which names every figure
  std::string latency;  ///< "show latency json"
};

/// Throws std::runtime_error when they are not what was asked for.
TopFigures read_top_figures(const TopAnswers& answers);

}  // namespace sluice::control
