#include <cstddef>
#include <cstdint>
#include <string_view>

#include "control/config/load.h"

// Any text is either a configuration or has errors; none of it may crash or hang the reader.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sluice::control::Diagnostics problems;
  const auto config =
      sluice::control::read_config({reinterpret_cast<const char*>(data), size}, problems);
  if (!config && problems.ok()) __builtin_trap();
  static_cast<void>(problems.format("fuzz.toml"));
  return 0;
}
