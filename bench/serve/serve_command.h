#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "bench/common/interface_options.h"
#include "bench/serve/settings.h"

namespace sluice::serve {

/// `sluice serve`: the built-in origin on the command line.
class ServeCommand {
 public:
  explicit ServeCommand(CLI::App& parent);

  /// Whether it was called.
  explicit operator bool() const { return command_->parsed(); }
  /// Serves until SIGINT or SIGTERM; returns the exit code.
  int run();

 private:
  [[nodiscard]] Settings settings(const control::Config& config) const;

  CLI::App* command_;
  bench::InterfaceOptions interface_;
  std::vector<std::string> listen_;
  std::vector<std::string> certificates_;
  std::string tls_records_ = "own";
  std::string size_ = "64";
  std::string delay_;
  std::string stall_;
  std::string statuses_ = "200";
  std::string connections_ = "65536";
  std::string json_file_;
  bool close_ = false;
  bool quiet_ = false;
};

}  // namespace sluice::serve
