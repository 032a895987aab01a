#include "bench/load/rate_search.h"

#include <algorithm>

namespace sluice::load {

void RateSearch::tried(bool good) {
  if (confirming_) {
    confirming_ = false;
    if (good) {
      over_ = true;
      return;
    }
    // The good trial was luck: the rate counts as bad, and what is a step lower is tried.
    worst_ = best_;
    best_ = 0;
    next_ = worst_ * (1 - 2 * precision_);
    return;
  }
  (good ? best_ : worst_) = next_;
  choose_next();
}

void RateSearch::choose_next() {
  if (worst_ == 0) {
    if (best_ >= highest_) {
      over_ = true;
      return;
    }
    next_ = std::min(best_ * 2, highest_);
    return;
  }
  if (best_ == 0) {
    // Nothing was good yet: lower, until it is hardly a load any more.
    next_ = worst_ / 2;
    over_ = next_ < 1;
    return;
  }
  if (worst_ - best_ <= best_ * precision_) {
    confirming_ = true;
    next_ = best_;
    return;
  }
  next_ = (best_ + worst_) / 2;
}

}  // namespace sluice::load
