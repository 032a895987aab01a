#pragma once

#include <CLI/CLI.hpp>

#include "bench/load/load_options.h"
#include "bench/load/load_run.h"

namespace sluice::load {

/// `sluice load`: the load tester on the command line.
class LoadCommand {
 public:
  explicit LoadCommand(CLI::App& parent);

  /// Whether it was called.
  explicit operator bool() const { return command_->parsed(); }
  /// Runs the load and prints what came of it; returns the exit code.
  int run();

 private:
  int execute(LoadRun& run, const Settings& settings, const Bounds& bounds);
  int find_max(LoadRun& run, const Settings& settings, const Bounds& bounds);
  void write_results(const std::string& json) const;

  CLI::App* command_;
  LoadOptions options_;
};

}  // namespace sluice::load
