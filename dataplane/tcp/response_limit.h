#pragma once

#include <cstdint>

#include "dataplane/base/keyed_hash.h"
#include "dataplane/base/time.h"

namespace sluice::tcp {

/// Limits how many segments a second are sent in answer to suspicious ones. The number changes from
/// second to second between half and one and a half of the limit, and nobody else can tell it:
/// whoever counts what is left of it learns nothing of other connections (CVE-2016-5696).
class ResponseLimit {
 public:
  /// On average `per_second` responses; 0: none at all.
  ResponseLimit(const Clock& clock, std::uint32_t per_second)
      : clock_(clock), per_second_(per_second) {}

  /// Takes one of this second's responses if any is left.
  [[nodiscard]] bool take() {
    const std::int64_t second = clock_.now().time_since_epoch() / std::chrono::seconds(1);
    if (second != second_) {
      second_ = second;
      left_ = budget(second);
    }
    if (left_ == 0) return false;
    --left_;
    return true;
  }

 private:
  [[nodiscard]] std::uint32_t budget(std::int64_t second) const {
    const std::uint64_t random = keyed_hash(key_, &second, sizeof second) >> 32;
    return per_second_ / 2 + static_cast<std::uint32_t>((random * (per_second_ + 1ULL)) >> 32);
  }

  const Clock& clock_;
  std::uint32_t per_second_;
  std::uint32_t left_ = 0;
  std::int64_t second_ = -1;
  HashKey key_ = random_hash_key();
};

}  // namespace sluice::tcp
