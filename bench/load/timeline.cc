#include "bench/load/timeline.h"

#include <algorithm>

namespace sluice::load {
namespace {

double per_second(std::uint64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

// `later` follows on `moment`, which becomes both.
void join(Moment& moment, const Moment& later) {
  const double length = moment.length + later.length;
  const auto mean = [&](double first, double second) {
    return length > 0 ? (first * moment.length + second * later.length) / length : 0;
  };
  moment.due = mean(moment.due, later.due);
  moment.done = mean(moment.done, later.done);
  moment.body_bits = mean(moment.body_bits, later.body_bits);
  moment.own_load = mean(moment.own_load, later.own_load);
  for (std::size_t i = 0; i < kFailures; ++i) moment.failures[i] += later.failures[i];
  moment.retransmissions += later.retransmissions;
  moment.drops += later.drops;
  moment.in_flight = later.in_flight;
  moment.open = later.open;
  moment.p50 = std::max(moment.p50, later.p50);
  moment.p99 = std::max(moment.p99, later.p99);
  moment.p999 = std::max(moment.p999, later.p999);
  moment.largest = std::max(moment.largest, later.largest);
  moment.end = later.end;
  moment.length = length;
}

}  // namespace

Moment Moment::between(const Results& before, const Results& now, Mode mode, double end,
                       double length) {
  const Distribution total = now.total.since(before.total);
  Moment moment;
  moment.end = end;
  moment.length = length;
  moment.due = per_second(now.due - before.due, length);
  moment.done = per_second(now.done(mode) - before.done(mode), length);
  moment.body_bits = 8 * per_second(now.body_bytes - before.body_bytes, length);
  for (std::size_t i = 0; i < kFailures; ++i) {
    moment.failures[i] = now.failures[i] - before.failures[i];
  }
  moment.in_flight = now.in_flight;
  moment.open = now.open;
  moment.retransmissions = now.retransmissions - before.retransmissions;
  moment.drops =
      now.receive_drops + now.transmit_drops - before.receive_drops - before.transmit_drops;
  moment.own_load = now.own_load(before);
  moment.p50 = total.percentile(50);
  moment.p99 = total.percentile(99);
  moment.p999 = total.percentile(99.9);
  moment.largest = total.largest();
  return moment;
}

void Timeline::add(const Moment& moment) {
  const bool stub = !moments_.empty() && moment.length < moments_.back().length / 2;
  if (stub || (!moments_.empty() && in_last_ < additions_each_)) {
    join(moments_.back(), moment);
    ++in_last_;
    return;
  }
  if (moments_.size() == kMost) halve();
  moments_.push_back(moment);
  in_last_ = 1;
}

void Timeline::halve() {
  for (std::size_t i = 0; i < moments_.size() / 2; ++i) {
    moments_[i] = moments_[2 * i];
    join(moments_[i], moments_[2 * i + 1]);
  }
  moments_.resize(moments_.size() / 2);
  additions_each_ *= 2;
}

}  // namespace sluice::load
