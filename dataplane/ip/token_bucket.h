#pragma once

#include <algorithm>
#include <cstdint>

#include "dataplane/base/time.h"

namespace sluice::ip {

/// Lets `rate` events a second pass, and `burst` at once after a pause.
class TokenBucket {
 public:
  /// `rate` from 1 to 10^9, `burst` at least 1. The bucket begins full.
  TokenBucket(const Clock& clock, std::uint32_t rate, std::uint32_t burst)
      : clock_(clock),
        interval_(Duration(std::chrono::seconds(1)) / std::int64_t{rate}),
        capacity_(interval_ * burst) {}

  /// Takes a token if there is one.
  [[nodiscard]] bool take() {
    const Instant now = clock_.now();
    // The tokens there are is the time that has passed since the bucket was empty.
    empty_at_ = std::max(empty_at_, now - capacity_);
    if (now - empty_at_ < interval_) return false;
    empty_at_ += interval_;
    return true;
  }

 private:
  const Clock& clock_;
  Duration interval_;
  Duration capacity_;
  Instant empty_at_ = Instant(Duration::min() / 2);
};

}  // namespace sluice::ip
