#pragma once

#include <optional>
#include <vector>

namespace sluice::load {

/// Looks for the highest rate that is still good: doubles until one is not, then halves the
/// interval until it is narrow, and last tries the best one again, so that a lucky trial does not
/// stand. Nor does an unlucky one: a rate is bad when two trials in a row are. Pure calculation.
class RateSearch {
 public:
  /// Rates from `lowest` to `highest`; the result is within `precision` (0.02: two percent).
  RateSearch(double lowest, double highest, double precision)
      : next_(lowest), highest_(highest), precision_(precision) {}

  /// The rate to try; nothing when the search is over.
  [[nodiscard]] std::optional<double> next() const {
    return over_ ? std::nullopt : std::optional(next_);
  }
  /// How the trial of next() went.
  void tried(bool good);

  /// The highest rate that was good, and was so again; zero when none was.
  [[nodiscard]] double best() const { return best_; }

 private:
  void choose_next();
  void forget_best();

  double next_;
  double highest_;
  double precision_;
  double best_ = 0;
  std::vector<double> good_;  // rates below the best, rising
  double worst_ = 0;          // the lowest rate that was not good; zero: none yet
  bool confirming_ = false;
  bool again_ = false;  // the last trial was bad, and is repeated
  bool over_ = false;
};

}  // namespace sluice::load
