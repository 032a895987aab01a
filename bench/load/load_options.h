#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/common/interface_options.h"
#include "bench/load/bounds.h"
#include "bench/load/rate_search.h"
#include "bench/load/settings.h"
#include "bench/load/url.h"

namespace sluice::load {

/// The command line of `sluice load`.
class LoadOptions {
 public:
  /// Adds all options to a command.
  explicit LoadOptions(CLI::App& command);

  /// What they ask for. Throws std::invalid_argument with a message for the operator.
  [[nodiscard]] control::Config config() const;
  [[nodiscard]] Settings settings(const control::Config& config) const;

  /// How long to go on; zero: until the count is reached or somebody stops it.
  [[nodiscard]] Duration duration() const;
  [[nodiscard]] Bounds bounds() const;
  /// Whether to look for the highest good rate, and how long to try each.
  [[nodiscard]] bool find_max() const { return !find_max_.empty(); }
  [[nodiscard]] RateSearch search() const;
  [[nodiscard]] Duration trial_length() const;
  /// Where to write the results; empty: nowhere.
  [[nodiscard]] const std::string& json_file() const { return json_file_; }
  [[nodiscard]] const std::string& report_file() const { return report_file_; }
  [[nodiscard]] bool quiet() const { return quiet_; }

  /// Why this load needs --yes and has none; nothing when it may begin.
  [[nodiscard]] std::optional<std::string> objection(const control::Config& config,
                                                     const Settings& settings) const;

 private:
  [[nodiscard]] Mode mode() const;
  [[nodiscard]] tls::ClientSettings tls() const;
  void add_tls_options(CLI::App& command);
  [[nodiscard]] std::vector<RateStep> rate() const;
  [[nodiscard]] std::vector<Target> targets(const Settings& settings) const;
  [[nodiscard]] Target target(const std::string& text, const RequestParts& parts,
                              const Settings& settings) const;
  [[nodiscard]] TextTemplate server_name(const Url& url, Mode mode) const;

  bench::InterfaceOptions interface_;
  std::vector<std::string> urls_;
  std::string connect_to_;
  std::string mode_ = "request";
  std::string method_ = "GET";
  std::vector<std::string> headers_;
  std::string body_;
  std::string rate_;
  std::vector<std::string> ramps_;
  bool poisson_ = false;
  std::string concurrency_;
  std::string requests_per_connection_;
  std::string duration_;
  std::string count_;
  std::string close_ = "server";
  std::string connect_timeout_ = "5s";
  std::string timeout_ = "10s";
  std::string hold_interval_ = "30s";
  std::string expect_status_;
  std::string expect_size_;
  std::string expect_body_file_;
  std::uint64_t seed_ = 1;
  std::string tls_version_;
  std::string ca_file_;
  std::string sni_;
  std::string client_certificate_;
  std::string alpn_ = "http/1.1";
  std::string tls_records_ = "own";
  tls::ClientSettings tls_;
  std::string find_max_;
  std::string trial_ = "2s";
  std::string max_failed_ = "0";
  std::vector<std::string> max_latencies_;
  std::string min_rate_ = "0";
  std::vector<std::string> allowed_;
  bool yes_ = false;
  bool quiet_ = false;
  std::string json_file_;
  std::string report_file_;
};

}  // namespace sluice::load
