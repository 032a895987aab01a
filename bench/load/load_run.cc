#include "bench/load/load_run.h"

#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include "bench/load/summary.h"
#include "control/log.h"

namespace sluice::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kLinkPatience = seconds(10);
// What is under way when time is up may end within this.
constexpr auto kGrace = seconds(2);
// Rates are counted from here on: before, the first connections were on their way.
constexpr auto kSettling = seconds(1);
// Before a trial is measured, the rate is offered for this part of its length.
constexpr int kWarmUpPart = 4;
// A server that does less than this part of what is offered does not keep up.
constexpr double kKeepsUp = 0.98;

double seconds_between(std::chrono::steady_clock::time_point from,
                       std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

LoadRun::LoadRun(const control::Config& config, const Settings& settings)
    : settings_(settings), dataplane_(config) {
  worker::Fleet& fleet = dataplane_.fleet();
  for (const std::string& warning : fleet.warnings()) control::log_warning(warning);
  for (std::uint32_t index = 0; index < fleet.size(); ++index) {
    programs_.push_back(std::make_unique<LoadProgram>(fleet.worker(index), settings, fleet.size()));
  }
}

void LoadRun::start() {
  wait_for_links();
  std::vector<worker::Application*> applications;
  for (const auto& program : programs_) applications.push_back(program.get());
  begin_ = settled_at_ = last_at_ = SteadyClock::now();
  dataplane_.start(applications);
}

void LoadRun::end() {
  for (const auto& program : programs_) program->end();
  dataplane_.join();
}

Outcome LoadRun::execute(Duration duration, bool quiet) {
  start();
  const auto end_at = duration == Duration::zero()
                          ? SteadyClock::time_point::max()
                          : begin_ + std::chrono::duration_cast<SteadyClock::duration>(duration);
  watch(end_at, quiet);
  note_moment(true);
  const auto stopped = last_at_;
  wind_up();
  Outcome outcome;
  outcome.results = collect(programs_, dataplane_);
  outcome.timeline = std::move(timeline_);
  outcome.settled = settled_;
  outcome.seconds = seconds_between(begin_, stopped);
  outcome.settled_seconds = seconds_between(settled_at_, stopped);
  outcome.unfinished = outcome.results.in_flight;
  end();
  return outcome;
}

std::vector<Trial> LoadRun::find_max(RateSearch& search, const Bounds& bounds, Duration length,
                                     bool quiet) {
  start();
  std::vector<Trial> trials;
  while (const auto rate = search.next()) {
    Trial trial = try_rate(*rate, bounds, length);
    if (interrupted_) break;
    search.tried(trial.broken.empty());
    if (!quiet) std::fputs(trial_line(trial).c_str(), stderr);
    trials.push_back(std::move(trial));
  }
  wind_up();
  end();
  return trials;
}

Trial LoadRun::try_rate(double rate, const Bounds& bounds, Duration length) {
  const auto offer = [this](double to) {
    for (const auto& program : programs_) program->offer({{to, to, Duration::zero()}});
  };
  offer(rate);
  interrupted_ = interrupted(std::chrono::duration_cast<milliseconds>(length / kWarmUpPart));
  const auto from = SteadyClock::now();
  const Results before = collect(programs_, dataplane_);
  interrupted_ = interrupted_ || interrupted(std::chrono::duration_cast<milliseconds>(length));
  Trial trial;
  trial.results = collect(programs_, dataplane_).since(before);
  trial.offered = rate;
  trial.done = static_cast<double>(trial.results.done(settings_.mode)) /
               seconds_between(from, SteadyClock::now());
  trial.broken = bounds.broken(trial.results, settings_.mode, trial.done);
  if (trial.done < rate * kKeepsUp) {
    trial.broken.push_back("fell behind");
  }
  offer(0);
  const auto deadline = SteadyClock::now() + kGrace;
  while (!interrupted_ && collect(programs_, dataplane_).in_flight > 0 &&
         SteadyClock::now() < deadline) {
    interrupted_ = interrupted(milliseconds(10));
  }
  return trial;
}

void LoadRun::wait_for_links() {
  const auto deadline = SteadyClock::now() + kLinkPatience;
  const auto up = [&] {
    (void)dataplane_.fleet().watch_links();
    return std::ranges::all_of(dataplane_.fleet().ports(),
                               [](const port::Port* port) { return port->link().up(); });
  };
  while (!up()) {
    if (SteadyClock::now() > deadline || interrupted(milliseconds(50))) {
      throw std::runtime_error("the port's link is not up: is anybody at the other end?");
    }
  }
}

bool LoadRun::interrupted(milliseconds patience) {
  pollfd wait{signals_.fd(), POLLIN, 0};
  (void)::poll(&wait, 1, static_cast<int>(patience.count()));
  return signals_.next() != 0;
}

bool LoadRun::finished() const {
  return std::ranges::all_of(programs_, [](const auto& program) { return program->finished(); });
}

void LoadRun::watch(SteadyClock::time_point end, bool quiet) {
  auto next_line = begin_ + seconds(1);
  bool settled = false;
  last_ = settled_ = collect(programs_, dataplane_);
  for (;;) {
    const auto now = SteadyClock::now();
    const auto until = std::min({end, next_line, now + milliseconds(100)});
    const auto patience = std::chrono::ceil<milliseconds>(until - now);
    if (interrupted(std::max(patience, milliseconds(0)))) return;
    if (finished() || SteadyClock::now() >= end) return;
    dataplane_.watch_links();
    if (SteadyClock::now() < next_line) continue;
    next_line += seconds(1);
    note_moment(quiet);
    if (!settled && last_at_ - begin_ >= kSettling) {
      settled = true;
      settled_ = last_;
      settled_at_ = last_at_;
    }
  }
}

void LoadRun::note_moment(bool quiet) {
  const auto now = SteadyClock::now();
  Results results = collect(programs_, dataplane_);
  const Moment moment = Moment::between(
      last_, results, settings_.mode, seconds_between(begin_, now), seconds_between(last_at_, now));
  timeline_.add(moment);
  if (!quiet) std::fputs(live_line(moment).c_str(), stderr);
  last_ = std::move(results);
  last_at_ = now;
}

void LoadRun::wind_up() {
  for (const auto& program : programs_) program->stop();
  const auto deadline = SteadyClock::now() + kGrace;
  while (!finished() && SteadyClock::now() < deadline) {
    if (interrupted(milliseconds(5))) return;
  }
}

}  // namespace sluice::load
