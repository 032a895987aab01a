#pragma once

#include <chrono>
#include <cstdint>

#include "dataplane/base/time.h"

namespace sluice::http {

/// Keeps retries a small part of a backend's requests: where everything fails, trying again only
/// adds to the load. Each worker keeps its own, of its own requests, and so the sum keeps to it.
class RetryBudget {
 public:
  /// Retries that are always allowed, within the same time as the requests that count.
  static constexpr std::uint64_t kReserve = 50;
  /// Requests and retries count half after this.
  static constexpr Duration kHalfLife = std::chrono::seconds(5);

  void note_request(Instant now) {
    forget(now);
    ++requests_;
  }
  /// Takes one retry out of the budget of `percent` of the requests; 0: without a bound. False when
  /// there is none left.
  bool take(std::uint32_t percent, Instant now) {
    forget(now);
    if (percent != 0 && retries_ >= requests_ * percent / 100 + kReserve) return false;
    ++retries_;
    return true;
  }

 private:
  void forget(Instant now) {
    if (now < halve_at_) return;
    const bool long_ago = now - halve_at_ > 60 * kHalfLife;
    requests_ = long_ago ? 0 : requests_ / 2;
    retries_ = long_ago ? 0 : retries_ / 2;
    halve_at_ = now + kHalfLife;
  }

  Instant halve_at_{};
  std::uint64_t requests_ = 0;
  std::uint64_t retries_ = 0;
};

}  // namespace sluice::http
