#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/base/time.h"
#include "dataplane/capture/capture_filter.h"

namespace sluice::control {

/// What `capture` was asked for.
struct CaptureRequest {
  static constexpr std::uint32_t kDefaultSnapLength = 256;
  static constexpr std::uint32_t kLargestSnapLength = 65535;
  static constexpr Duration kDefaultDuration = std::chrono::seconds(60);
  static constexpr Duration kLongestDuration = std::chrono::hours(24);
  static constexpr std::string_view kArguments =
      "[port <port>] [remote <network>] [local-port <n>] [direction <in|out|both>] [count <n>] "
      "[duration <time>] [snaplen <bytes>]";

  std::string port;               ///< as in the configuration; empty: all
  capture::CaptureFilter filter;  ///< but for the port
  std::uint64_t count = 0;        ///< frames after which it ends; 0: any number
  Duration duration = kDefaultDuration;
  std::uint32_t snap_length = kDefaultSnapLength;

  /// Nothing when the arguments are not understood; then `problem` says why.
  static std::optional<CaptureRequest> parse(std::span<const std::string> arguments,
                                             std::string& problem);

 private:
  bool set(std::string_view name, const std::string& value);
  bool set_direction(std::string_view value);
};

}  // namespace sluice::control
