#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/base/time.h"

/// What an operator decides about how the servers of a backend share its work.
namespace sluice::http {

enum class Algorithm : std::uint8_t {
  kRoundRobin,
  kLeastConnections,
  kTwoChoices,
  kMaglev,
  kRandom,
};

/// What Maglev hashes: requests that are alike in it go to the same server.
enum class HashBy : std::uint8_t { kSource, kPath, kHeader, kCookie };

struct BalancingSettings {
  Algorithm algorithm = Algorithm::kRoundRobin;
  HashBy hash_by = HashBy::kSource;
  std::string hash_name;  ///< of the header or cookie
  /// A server that comes into rotation gets a tenth of its share at first, and all of it after
  /// this; zero: at once.
  Duration slow_start{};
};

/// Exchanges that find every server of a backend at its limit wait for a place.
struct QueueSettings {
  std::uint32_t length = 1024;                 ///< in the whole process; behind that 503
  Duration timeout = std::chrono::seconds(5);  ///< then 503
};

/// When an exchange is tried again. A connect that fails always counts.
struct RetrySettings {
  std::uint32_t attempts = 2;           ///< further ones, at most 16
  std::vector<std::uint16_t> statuses;  ///< of responses that idempotent requests are not given
  bool on_timeout = false;  ///< idempotent requests whose response does not come in time
  bool on_broken = false;   ///< ... that get no response, or one that breaks the protocol
  /// Retries at most, in percent of requests; and ten a second besides, so that a quiet backend has
  /// some. 0: without a bound.
  std::uint32_t budget = 20;
};

/// Servers that fail too often in live traffic leave the rotation for a while.
struct OutlierSettings {
  std::uint32_t failures = 0;  ///< in a row, over all workers; 0: never
  Duration time = std::chrono::seconds(10);
  Duration longest = std::chrono::minutes(5);
  std::uint32_t most_percent = 50;  ///< of a backend's servers, but always one
};

/// What a server may be asked to do.
enum class ServerMode : std::uint8_t {
  kReady,
  kDrain,  ///< nothing new
  kMaint,  ///< nothing new, and no checks
};

}  // namespace sluice::http
