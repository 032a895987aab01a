#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::control {

/// What a client of an admin socket may do: each level includes those before it.
enum class AdminLevel : std::uint8_t {
  kUser,      ///< look at what tells nothing about clients
  kOperator,  ///< look at everything, clear maxima
  kAdmin,     ///< change what Sluice does
};

constexpr std::string_view to_string(AdminLevel level) {
  switch (level) {
    case AdminLevel::kUser:
      return "user";
    case AdminLevel::kOperator:
      return "operator";
    case AdminLevel::kAdmin:
      break;
  }
  return "admin";
}

}  // namespace sluice::control
