#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "http/access_log/access_record.h"

namespace sluice::control {

/// A worker's record with all that only control knows of it.
struct AccessLine {
  using Time = std::chrono::system_clock::time_point;

  const http::AccessEntry& entry;
  Time accepted;
  Time began;
  std::string_view frontend;
  std::string_view backend;  ///< "" when it came to none; likewise below
  std::string_view server;
  // Over all workers.
  std::uint64_t process_sessions = 0;
  std::uint64_t frontend_sessions = 0;
  std::uint64_t backend_exchanges = 0;
  std::uint64_t server_exchanges = 0;
  std::span<const std::string> captures;  ///< names of header fields
};

/// In whole milliseconds, -1 for http::kNotReached.
inline std::int64_t milliseconds_of(Duration duration) {
  return duration == http::kNotReached ? -1 : duration.count() / 1'000'000;
}

}  // namespace sluice::control
