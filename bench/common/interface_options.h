#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/config/config.h"
#include "dataplane/wire/ip_address.h"

namespace sluice::bench {

/// The options by which a tool is given an interface without a configuration file, or with one.
struct InterfaceOptions {
  std::vector<std::string> devices;
  std::vector<std::string> addresses;  ///< "198.18.0.2/24", "198.18.0.2-198.18.0.9/24"
  std::vector<std::string> gateways;
  std::string config_file;
  std::vector<std::uint32_t> cpus;
  std::uint32_t workers = 0;  ///< 0: as many as there are `cpus`, or one
  std::uint32_t buffers = 0;
  bool adaptive = false;
  bool share_cpu = false;

  void add_to(CLI::App& command);

  /// The configuration they stand for, with room for `connections`. Throws std::invalid_argument
  /// with a message for the operator.
  [[nodiscard]] control::Config config(std::uint32_t connections) const;

 private:
  void choose_cpus(control::ProcessConfig& process) const;
};

/// The addresses of "FIRST[-LAST]/LENGTH". Throws std::invalid_argument.
std::vector<wire::Prefix> parse_address_range(const std::string& text);

/// All own addresses of a configuration.
std::vector<wire::IpAddress> own_addresses(const control::Config& config);

/// Whether an address is on the link of one of the interfaces.
bool directly_attached(const control::Config& config, const wire::IpAddress& address);

}  // namespace sluice::bench
