#include "bench/load/load_run.h"

#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>

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

Outcome LoadRun::execute(Duration duration, bool quiet) {
  wait_for_links();
  std::vector<worker::Application*> applications;
  for (const auto& program : programs_) applications.push_back(program.get());
  begin_ = settled_at_ = SteadyClock::now();
  dataplane_.start(applications);
  const auto end = duration == Duration::zero()
                       ? SteadyClock::time_point::max()
                       : begin_ + std::chrono::duration_cast<SteadyClock::duration>(duration);
  watch(end, quiet);
  const auto stopped = SteadyClock::now();
  Outcome outcome;
  wind_up();
  outcome.results = collect(programs_, dataplane_);
  outcome.settled = settled_;
  outcome.seconds = seconds_between(begin_, stopped);
  outcome.settled_seconds = seconds_between(settled_at_, stopped);
  outcome.unfinished = outcome.results.in_flight;
  for (const auto& program : programs_) program->end();
  dataplane_.join();
  return outcome;
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
    const Results results = collect(programs_, dataplane_);
    if (!settled && SteadyClock::now() - begin_ >= kSettling) {
      settled = true;
      settled_ = results;
      settled_at_ = SteadyClock::now();
    }
    if (!quiet) {
      std::fputs(
          live_line(settings_.mode, results, last_, seconds_between(begin_, SteadyClock::now()))
              .c_str(),
          stderr);
    }
    last_ = results;
  }
}

void LoadRun::wind_up() {
  for (const auto& program : programs_) program->stop();
  const auto deadline = SteadyClock::now() + kGrace;
  while (!finished() && SteadyClock::now() < deadline) {
    if (interrupted(milliseconds(5))) return;
  }
}

}  // namespace sluice::load
