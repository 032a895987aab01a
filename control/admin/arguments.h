#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dataplane/wire/ip_address.h"

namespace sluice::control {

/// A whole decimal number within bounds.
std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t least,
                                          std::uint64_t most);

/// "192.0.2.0/24" or "2001:db8::/32"; an address alone means itself.
std::optional<wire::Prefix> parse_network(std::string_view text);

}  // namespace sluice::control
