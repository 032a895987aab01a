#pragma once

#include <string>

#include "control/config/config.h"
#include "control/config/section.h"

namespace sluice::control {

/// The whole file: every table and key that there is.
const Section<Config>& config_section();

/// Every table of the file with its keys, for the manual.
const Atlas& all_sections();

/// The reference part of the manual, in Markdown: a heading for each table and a row for each key.
std::string key_reference();

}  // namespace sluice::control
