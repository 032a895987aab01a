#include "dataplane/base/histogram.h"

#include <algorithm>
#include <cmath>

namespace sluice {

template <typename Source>
void BasicDistribution<Source>::add(const Source& histogram) {
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    const std::uint64_t count = histogram.count(bucket);
    counts_[bucket] += count;
    total_ += count;
  }
}

template <typename Source>
void BasicDistribution<Source>::add(const BasicDistribution& other) {
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    counts_[bucket] += other.counts_[bucket];
  }
  total_ += other.total_;
}

template <typename Source>
BasicDistribution<Source> BasicDistribution<Source>::since(const BasicDistribution& earlier) const {
  BasicDistribution difference;
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    difference.counts_[bucket] = counts_[bucket] - earlier.counts_[bucket];
  }
  difference.total_ = total_ - earlier.total_;
  return difference;
}

template <typename Source>
Duration BasicDistribution<Source>::percentile(double percent) const {
  if (total_ == 0) return Duration::zero();
  const double wanted = std::ceil(static_cast<double>(total_) * percent / 100.0);
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, total_);
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (seen >= rank) return Source::value_of(bucket);
  }
  return Duration::zero();
}

template <typename Source>
Duration BasicDistribution<Source>::largest() const {
  for (std::size_t bucket = counts_.size(); bucket-- > 0;) {
    if (counts_[bucket] > 0) return Source::value_of(bucket);
  }
  return Duration::zero();
}

template <typename Source>
Duration BasicDistribution<Source>::mean() const {
  if (total_ == 0) return Duration::zero();
  double sum = 0;
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    if (counts_[bucket] == 0) continue;
    sum += static_cast<double>(counts_[bucket]) *
           static_cast<double>(Source::value_of(bucket).count());
  }
  return Duration(static_cast<Duration::rep>(sum / static_cast<double>(total_)));
}

template class BasicDistribution<Histogram>;
template class BasicDistribution<SmallHistogram>;

}  // namespace sluice
