#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "bench/load/bounds.h"
#include "bench/load/load_program.h"
#include "bench/load/outcome.h"
#include "bench/load/rate_search.h"
#include "bench/load/results.h"
#include "bench/load/settings.h"
#include "bench/load/timeline.h"
#include "control/dataplane.h"
#include "control/signal_queue.h"

namespace sluice::load {

/// A load from start to end: the dataplane, the program of each worker, and the control thread's
/// watch over them.
class LoadRun {
 public:
  /// Opens the ports. `settings` outlive it. Throws std::runtime_error or std::invalid_argument
  /// with a message for the operator.
  LoadRun(const control::Config& config, const Settings& settings);

  /// Goes on for `duration` (zero: until the count is reached), or until SIGINT or SIGTERM; prints
  /// a line a second on standard error unless `quiet`.
  Outcome execute(Duration duration, bool quiet);

  /// Tries one rate after the other as the search wants them, each for `length`. The settings' rate
  /// must be a step of rate zero. Ends early at a signal.
  std::vector<Trial> find_max(RateSearch& search, const Bounds& bounds, Duration length,
                              bool quiet);

 private:
  using SteadyClock = std::chrono::steady_clock;

  void start();
  void end();
  Trial try_rate(double rate, const Bounds& bounds, Duration length);
  void wait_for_links();
  [[nodiscard]] bool interrupted(std::chrono::milliseconds patience);
  [[nodiscard]] bool finished() const;
  void watch(SteadyClock::time_point end, bool quiet);
  void note_moment(bool quiet);
  void wind_up();

  const Settings& settings_;
  control::SignalQueue signals_;
  control::Dataplane dataplane_;
  std::vector<std::unique_ptr<LoadProgram>> programs_;
  SteadyClock::time_point begin_;
  SteadyClock::time_point settled_at_;
  Results settled_;
  Results last_;
  SteadyClock::time_point last_at_;
  Timeline timeline_;
  bool interrupted_ = false;
};

}  // namespace sluice::load
