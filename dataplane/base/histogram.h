#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/base/counter.h"
#include "dataplane/base/time.h"

namespace sluice {

/// How often each length of time was seen. Buckets are a power of two, cut into 128 equal parts, so
/// a value that is read back is off by less than 0.4 %, from a nanosecond to more than an hour
/// (what is longer counts as the longest). One thread records; any thread may read by Distribution.
/// About 36 KiB.
class Histogram {
 public:
  static constexpr unsigned kPartBits = 7;  ///< 128 parts of each power of two
  static constexpr unsigned kLargestBits = 42;
  static constexpr std::size_t kBuckets =
      (kLargestBits - kPartBits + 1) * (std::size_t{1} << kPartBits);

  void record(Duration value) { buckets_[bucket_of(value)].add(); }
  [[nodiscard]] std::uint64_t count(std::size_t bucket) const { return buckets_[bucket].get(); }

  static constexpr std::size_t bucket_of(Duration value) {
    if (value.count() < 0) return 0;
    auto nanoseconds = static_cast<std::uint64_t>(value.count());
    constexpr std::uint64_t kLargest = (std::uint64_t{1} << kLargestBits) - 1;
    if (nanoseconds > kLargest) nanoseconds = kLargest;
    const auto bits = static_cast<unsigned>(std::bit_width(nanoseconds));
    if (bits <= kPartBits) return nanoseconds;
    const unsigned shift = bits - kPartBits - 1;
    return (std::size_t{shift} << kPartBits) + (nanoseconds >> shift);
  }
  /// The middle of a bucket.
  static constexpr Duration value_of(std::size_t bucket) {
    constexpr std::size_t kParts = std::size_t{1} << kPartBits;
    if (bucket < 2 * kParts) return Duration(static_cast<Duration::rep>(bucket));
    const std::size_t shift = bucket / kParts - 1;
    const std::uint64_t lowest = (kParts + bucket % kParts) << shift;
    return Duration(static_cast<Duration::rep>(lowest + (std::uint64_t{1} << shift) / 2));
  }

 private:
  std::array<Counter, kBuckets> buckets_{};
};

/// What histograms held at some moment: added up over workers, subtracted for an interval, and
/// asked for percentiles.
class Distribution {
 public:
  Distribution() : counts_(Histogram::kBuckets) {}

  void add(const Histogram& histogram);
  void add(const Distribution& other);
  /// What has been recorded since `earlier`, which was taken from the same histograms.
  [[nodiscard]] Distribution since(const Distribution& earlier) const;

  [[nodiscard]] std::uint64_t count() const { return total_; }
  /// The value that `percent` (0 to 100) of all values do not exceed; zero when there is none.
  [[nodiscard]] Duration percentile(double percent) const;
  [[nodiscard]] Duration largest() const;
  [[nodiscard]] Duration mean() const;
  /// Values in one bucket of Histogram.
  [[nodiscard]] std::uint64_t count(std::size_t bucket) const { return counts_[bucket]; }

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
};

}  // namespace sluice
