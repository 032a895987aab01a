#include "bench/load/arrivals.h"

#include <cmath>
#include <utility>

namespace sluice::load {
namespace {

// Seconds after which nothing comes any more, as far as a load goes: 30 years.
constexpr double kEndless = 1e9;

double seconds(Duration time) {
  return std::chrono::duration<double>(time).count();
}

Duration from_seconds(double time) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(time));
}

// Arrivals within a whole step: the area under its line.
double arrivals_in(const RateStep& step) {
  return (step.from + step.to) / 2 * seconds(step.length);
}

// The time at which so many arrivals of a step have come: the area under the line up to t is
// from * t + slope / 2 * t^2, solved for t in the form that keeps its digits when the slope is
// small.
double time_of(const RateStep& step, double arrivals) {
  if (arrivals <= 0) return 0;
  const double length = seconds(step.length);
  const double slope = length > 0 ? (step.to - step.from) / length : 0;
  const double root = std::sqrt(std::max(0.0, step.from * step.from + 2 * slope * arrivals));
  return 2 * arrivals / (step.from + root);
}

}  // namespace

Arrivals::Arrivals(std::vector<RateStep> steps, double share, double phase, bool poisson,
                   std::uint64_t seed, Instant begin)
    : steps_(std::move(steps)), poisson_(poisson), random_(seed), step_begin_(begin) {
  for (RateStep& step : steps_) {
    step.from *= share;
    step.to *= share;
  }
  if (steps_.empty()) return;
  const double last = steps_.back().to;
  steps_.push_back({last, last, Duration::max()});
  find_next(phase);
}

void Arrivals::advance() {
  if (next_ == kNever) return;
  find_next(poisson_ ? std::exponential_distribution<double>(1)(random_) : 1.0);
}

void Arrivals::find_next(double distance) {
  in_step_ += distance;
  while (step_ + 1 < steps_.size() && in_step_ >= arrivals_in(steps_[step_])) {
    in_step_ -= arrivals_in(steps_[step_]);
    step_begin_ += steps_[step_].length;
    ++step_;
  }
  const RateStep& step = steps_[step_];
  const bool last = step_ + 1 == steps_.size();
  const double after = last && step.to <= 0 ? kEndless : time_of(step, in_step_);
  next_ = after < kEndless ? step_begin_ + from_seconds(after) : kNever;
}

}  // namespace sluice::load
