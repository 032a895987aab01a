#include "bench/load/rate_search.h"

#include <algorithm>

namespace sluice::load {

void RateSearch::tried(bool good) {
  again_ = !good && !again_;
  if (again_) return;
  if (confirming_) {
    confirming_ = false;
    over_ = good;
    if (good) return;
    forget_best();
  } else if (good) {
    if (best_ > 0) good_.push_back(best_);
    best_ = next_;
  } else {
    worst_ = next_;
  }
  choose_next();
}

// The good trial was luck: the rate counts as bad, and the one below as the best so far.
void RateSearch::forget_best() {
  worst_ = best_;
  best_ = good_.empty() ? 0 : good_.back();
  if (!good_.empty()) good_.pop_back();
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
