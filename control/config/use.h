#pragma once

#include <cstdint>

namespace sluice::control {

/// What a configuration is read for.
enum class Use : std::uint8_t {
  kProxy,    ///< all of it, with something to serve
  kNetwork,  ///< interfaces and how to use them; frontends and backends may be missing
};

}  // namespace sluice::control
