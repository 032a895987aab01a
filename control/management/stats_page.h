#pragma once

#include <string>
#include <string_view>

#include "control/metrics/report.h"

namespace sluice::control {

/// The page to look at: the process, its workers, then frontends and backends with their servers,
/// as HAProxy's has them. It needs nothing from elsewhere, and no script.
std::string stats_page(const Report& report);

/// Text with what HTML takes for its own escaped.
std::string escape_html(std::string_view text);

}  // namespace sluice::control
