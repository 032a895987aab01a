#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/base/counter.h"
#include "dataplane/base/time.h"

namespace sluice {

/// How numbers are put into buckets: each power of two is cut into 2^part_bits equal parts, so that
/// a bucket's middle is off by at most half a part; numbers below 2^(part_bits + 1) have a bucket
/// each. What takes more than `largest_bits` counts as the largest.
template <unsigned part_bits, unsigned largest_bits>
struct LogLinearBuckets {
  static constexpr std::size_t kParts = std::size_t{1} << part_bits;
  static constexpr std::size_t kCount = (largest_bits - part_bits + 1) * kParts;

  static constexpr std::size_t of(std::uint64_t number) {
    constexpr std::uint64_t kLargest = (std::uint64_t{1} << largest_bits) - 1;
    if (number > kLargest) number = kLargest;
    const auto bits = static_cast<unsigned>(std::bit_width(number));
    if (bits <= part_bits) return number;
    const unsigned shift = bits - part_bits - 1;
    return (std::size_t{shift} << part_bits) + (number >> shift);
  }
  static constexpr std::uint64_t middle(std::size_t bucket) {
    if (bucket < 2 * kParts) return bucket;
    const std::size_t shift = bucket / kParts - 1;
    const std::uint64_t lowest = (kParts + bucket % kParts) << shift;
    return lowest + (std::uint64_t{1} << shift) / 2;
  }
};

/// How often each length of time was seen. Buckets are a power of two, cut into 128 equal parts, so
/// a value that is read back is off by less than 0.4 %, from a nanosecond to more than an hour
/// (what is longer counts as the longest). One thread records; any thread may read by Distribution.
/// About 36 KiB.
class Histogram {
 public:
  static constexpr unsigned kPartBits = 7;  ///< 128 parts of each power of two
  using Buckets = LogLinearBuckets<kPartBits, 42>;
  static constexpr std::size_t kBuckets = Buckets::kCount;

  void record(Duration value) { buckets_[bucket_of(value)].add(); }
  [[nodiscard]] std::uint64_t count(std::size_t bucket) const { return buckets_[bucket].get(); }

  static constexpr std::size_t bucket_of(Duration value) {
    return value.count() < 0 ? 0 : Buckets::of(static_cast<std::uint64_t>(value.count()));
  }
  /// The middle of a bucket.
  static constexpr Duration value_of(std::size_t bucket) {
    return Duration(static_cast<Duration::rep>(Buckets::middle(bucket)));
  }

 private:
  std::array<Counter, kBuckets> buckets_{};
};

/// The same for where there are many of them: whole microseconds, and 8 parts of each power of two,
/// so a value is off by less than 7 %, or a microsecond, up to more than an hour. 1.9 KiB.
class SmallHistogram {
 public:
  using Buckets = LogLinearBuckets<3, 32>;
  static constexpr std::size_t kBuckets = Buckets::kCount;

  void record(Duration value) { buckets_[bucket_of(value)].add(); }
  [[nodiscard]] std::uint64_t count(std::size_t bucket) const { return buckets_[bucket].get(); }

  static constexpr std::size_t bucket_of(Duration value) {
    return value.count() < 0 ? 0 : Buckets::of(static_cast<std::uint64_t>(value.count()) / 1000);
  }
  /// The middle of a bucket.
  static constexpr Duration value_of(std::size_t bucket) {
    return std::chrono::microseconds(Buckets::middle(bucket));
  }

 private:
  std::array<Counter, kBuckets> buckets_{};
};

/// What histograms held at some moment: added up over workers, subtracted for an interval, and
/// asked for percentiles.
template <typename Source>
class BasicDistribution {
 public:
  BasicDistribution() : counts_(Source::kBuckets) {}

  void add(const Source& histogram);
  void add(const BasicDistribution& other);
  /// What has been recorded since `earlier`, which was taken from the same histograms.
  [[nodiscard]] BasicDistribution since(const BasicDistribution& earlier) const;

  [[nodiscard]] std::uint64_t count() const { return total_; }
  /// The value that `percent` (0 to 100) of all values do not exceed; zero when there is none.
  [[nodiscard]] Duration percentile(double percent) const;
  [[nodiscard]] Duration largest() const;
  [[nodiscard]] Duration mean() const;
  /// Values in one bucket of the histogram.
  [[nodiscard]] std::uint64_t count(std::size_t bucket) const { return counts_[bucket]; }

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
};

using Distribution = BasicDistribution<Histogram>;
using SmallDistribution = BasicDistribution<SmallHistogram>;

extern template class BasicDistribution<Histogram>;
extern template class BasicDistribution<SmallHistogram>;

}  // namespace sluice
