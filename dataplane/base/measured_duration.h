#pragma once

#include <cstdint>

#include "dataplane/base/counter.h"
#include "dataplane/base/histogram.h"
#include "dataplane/base/time.h"

namespace sluice {

/// A duration as HAProxy reports it: averaged over about the last 1024 samples, each new one
/// displacing 1/1024 of the sum, and the longest. Over several workers: the sum of
/// recent_microseconds() divided by the sum of recent_samples(). One thread writes, any may read.
class RecentDuration {
 public:
  static constexpr std::uint64_t kWindow = 1024;

  void add(Duration sample) {
    const auto microseconds =
        static_cast<std::uint64_t>(sample.count() < 0 ? 0 : sample.count()) / 1000;
    const std::uint64_t sum = recent_.get();
    const std::uint64_t displaced = samples_.get() < kWindow ? 0 : (sum + kWindow - 1) / kWindow;
    recent_.set(sum - displaced + microseconds);
    samples_.add();
    total_.add(microseconds);
    longest_.raise_to(microseconds);
  }
  [[nodiscard]] std::uint64_t recent_microseconds() const { return recent_.get(); }
  [[nodiscard]] std::uint64_t recent_samples() const {
    return samples_.get() < kWindow ? samples_.get() : kWindow;
  }
  /// All samples ever, and their sum: for rates over any interval.
  [[nodiscard]] std::uint64_t samples() const { return samples_.get(); }
  [[nodiscard]] std::uint64_t total_microseconds() const { return total_.get(); }
  [[nodiscard]] std::uint64_t longest_microseconds() const { return longest_.get(); }

 private:
  Counter recent_;
  Counter samples_;
  Counter total_;
  Counter longest_;
};

/// The same with the distribution of all samples. About 2 KiB.
class MeasuredDuration : public RecentDuration {
 public:
  void add(Duration sample) {
    RecentDuration::add(sample);
    histogram_.record(sample);
  }
  [[nodiscard]] const SmallHistogram& histogram() const { return histogram_; }

 private:
  SmallHistogram histogram_;
};

}  // namespace sluice
