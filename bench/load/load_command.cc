#include "bench/load/load_command.h"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <stdexcept>

#include "bench/load/load_run.h"
#include "bench/load/report.h"
#include "bench/load/result_json.h"
#include "bench/load/summary.h"
#include "control/commands.h"
#include "control/log.h"

namespace sluice::load {
namespace {

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  if (!file.flush()) throw std::runtime_error(path + ": cannot be written");
}

}  // namespace

LoadCommand::LoadCommand(CLI::App& parent)
    : command_(parent.add_subcommand("load", "Load a server: connection rates, requests, latency")),
      options_(*command_) {}

int LoadCommand::run() {
  const control::Config config = options_.config();
  control::set_log_level(config.process.log_level);
  const Settings settings = options_.settings(config);
  if (const auto objection = options_.objection(config, settings)) {
    std::fprintf(stderr, "sluice load: %s\n", objection->c_str());
    return control::kUsage;
  }
  const Bounds bounds = options_.bounds();
  LoadRun run(config, settings);
  return options_.find_max() ? find_max(run, settings, bounds) : execute(run, settings, bounds);
}

int LoadCommand::execute(LoadRun& run, const Settings& settings, const Bounds& bounds) {
  const auto began = std::chrono::system_clock::now();
  const Outcome outcome = run.execute(options_.duration(), options_.quiet());
  const auto broken = bounds.broken(outcome.results, settings.mode, outcome.rate(settings.mode));
  std::fputs(summary_text(settings, outcome).c_str(), stdout);
  for (const std::string& line : broken) std::printf("NOT GOOD     %s\n", line.c_str());
  write_results(result_json(settings, outcome, broken, began));
  return broken.empty() ? control::kSuccess : control::kFault;
}

int LoadCommand::find_max(LoadRun& run, const Settings& settings, const Bounds& bounds) {
  const auto began = std::chrono::system_clock::now();
  RateSearch search = options_.search();
  const std::vector<Trial> trials =
      run.find_max(search, bounds, options_.trial_length(), options_.quiet());
  std::printf("%.0f a second is the highest good rate of %zu tried\n", search.best(),
              trials.size());
  write_results(search_json(settings, trials, search.best(), began));
  return search.best() > 0 ? control::kSuccess : control::kFault;
}

void LoadCommand::write_results(const std::string& json) const {
  if (!options_.json_file().empty()) write_file(options_.json_file(), json);
  if (!options_.report_file().empty()) write_file(options_.report_file(), report_page(json));
}

}  // namespace sluice::load
