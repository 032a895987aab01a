#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/config/config.h"
#include "control/config/diagnostics.h"
#include "control/config/use.h"

namespace sluice::control {

/// Reads a configuration's text and checks all of it but what lies outside: certificates (see
/// check_certificates()) and devices. The result is usable only when `problems` is ok(); nothing is
/// returned when the text is not TOML at all.
std::optional<Config> read_config(std::string_view text, Diagnostics& problems,
                                  Use use = Use::kProxy);

/// The text of a configuration file; nothing when it cannot be read.
std::optional<std::string> read_config_file(const std::string& path, Diagnostics& problems);

/// The checks of read_config() that look at more than one value, for a configuration that was
/// changed otherwise.
void check_config(const Config& config, Diagnostics& problems);

/// Reads and checks a configuration file in the same way; nothing is returned also when it cannot
/// be read.
std::optional<Config> load_config(const std::string& path, Diagnostics& problems,
                                  Use use = Use::kProxy);

}  // namespace sluice::control
