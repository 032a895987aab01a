#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/base/time.h"

namespace sluice::control {

/// A whole number and a unit: us, ms, s, m, h or d. "250ms", "30s", "5m". Nothing when it is not
/// of that form or does not fit.
std::optional<Duration> parse_duration(std::string_view text);

/// The shortest text that parse_duration() reads back as the same time, down to a microsecond.
std::string format_duration(Duration duration);

/// A whole number and a unit: B, KiB, MiB or GiB. "64KiB". Nothing when it is not of that form or
/// does not fit.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// The shortest text that parse_size() reads back as the same number of bytes.
std::string format_size(std::uint64_t bytes);

}  // namespace sluice::control
