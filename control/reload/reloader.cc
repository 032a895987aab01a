#include "control/reload/reloader.h"

#include <chrono>
#include <stdexcept>
#include <utility>

#include "control/config/checks.h"
#include "control/config/keys.h"
#include "control/config/load.h"
#include "control/reload/file_replacement.h"
#include "control/reload/file_writer.h"
#include "control/reload/line_diff.h"
#include "control/reload/run_time_changes.h"

namespace sluice::control {
namespace {

Differences differences_of(const Config& before, const Config& after) {
  Differences differences;
  config_section().compare(before, after, "", differences);
  return differences;
}

}  // namespace

std::optional<ReadFile> Reloader::read(Diagnostics& problems) const {
  auto text = read_config_file(path_, problems);
  if (!text) return {};
  auto config = read_config(*text, problems);
  if (!config) return {};
  return ReadFile{*std::move(text), *std::move(config)};
}

Reloader::Candidate Reloader::look(RunTimeChanges changes) const {
  Candidate candidate{{}, {}, builder_.certificates().looking_again(), {}};
  ReloadReport& report = candidate.report;
  report.file = path_;
  Diagnostics problems;
  if (auto file = read(problems)) {
    candidate.file = *std::move(file);
    candidate.config = candidate.file.config;
    if (changes == RunTimeChanges::kKeep && problems.ok()) {
      candidate.config = with_run_time_changes(file_.config, config_, std::move(candidate.config));
      check_config(candidate.config, problems);
    }
    check_certificates(candidate.config, candidate.certificates, problems);
    check_ticket_keys(candidate.config, problems);
  }
  report.problems = problems.format(path_);
  report.usable = problems.ok();
  if (!report.usable) return candidate;
  candidate.certificates.forget_unused();
  report.certificates = candidate.certificates.renewed_since(builder_.certificates());
  report.differences = differences_of(config_, candidate.config);
  report.in_memory = differences_of(candidate.file.config, candidate.config);
  return candidate;
}

ReloadReport Reloader::diff() const {
  return look(RunTimeChanges::kKeep).report;
}

ReloadReport Reloader::reload(RunTimeChanges changes) {
  if (observe_) observe_(true);
  ReloadReport report = try_reload(changes);
  if (observe_) observe_(false);
  return report;
}

ReloadReport Reloader::try_reload(RunTimeChanges changes) {
  const auto begun = std::chrono::steady_clock::now();
  Candidate candidate = look(changes);
  ReloadReport report = candidate.report;
  if (!report.accepted()) return report;
  try {
    take_over(std::move(candidate));
  } catch (const std::runtime_error& fault) {
    report.usable = false;
    report.problems += std::string(fault.what()) + "\n";
  }
  report.took = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - begun);
  return report;
}

// When a file goes away between its check and its use, everything stays as it was.
void Reloader::take_over(Candidate candidate) {
  std::swap(builder_.certificates(), candidate.certificates);
  try {
    run(std::move(candidate.config));
  } catch (...) {
    std::swap(builder_.certificates(), candidate.certificates);
    throw;
  }
  file_ = std::move(candidate.file);
}

void Reloader::run(Config config) {
  http::Settings settings = builder_.build(config);
  config_ = std::move(config);
  publish_(std::move(settings), config_);
}

std::uint32_t Reloader::initial_weight(const std::string& backend,
                                       const std::string& server) const {
  for (const Config* config : {&std::as_const(file_.config), &config_}) {
    for (const BackendConfig& each : config->backends) {
      if (each.name.value != backend) continue;
      for (const ServerConfig& one : each.servers) {
        if (one.name.value == server) return one.weight;
      }
    }
  }
  return 0;
}

void Reloader::publish_certificates(const http::Settings& present) {
  publish_(builder_.renew_certificates(present, config_), config_);
}

void Reloader::change(const Edit& edit) {
  Config changed = config_;
  edit(changed);
  Diagnostics problems;
  check_config(changed, problems);
  if (!problems.ok()) {
    std::string messages = problems.error_messages();
    messages.pop_back();
    throw std::runtime_error(messages);
  }
  run(std::move(changed));
}

std::string Reloader::save(Saving saving) {
  Diagnostics problems;
  const auto present = read_config_file(path_, problems);
  if (!present) throw std::runtime_error(problems.format(path_));
  if (*present != file_.text) {
    throw std::runtime_error(path_ +
                             " has changed since it was read: 'diff' shows how, 'reload' "
                             "takes it over, and keeps the run-time changes");
  }
  std::string text = with_changes_written(file_.text, file_.config, config_);
  std::string difference = line_diff(file_.text, text);
  if (saving == Saving::kTry || difference.empty()) return difference;
  auto written = read_config(text, problems);
  replace_file(path_, text);
  file_ = {std::move(text), written.value()};
  return difference;
}

}  // namespace sluice::control
