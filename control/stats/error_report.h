#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "http/refused_heads.h"

namespace sluice::control {

/// A refused head with its names, for `show errors`.
struct ErrorEvent {
  bool request = true;
  std::string proxy;  ///< the frontend of a request, the backend of a response
  std::uint32_t proxy_id = 0;
  std::string server;  ///< of a response
  std::uint32_t server_id = 0;
  std::int64_t at = 0;  ///< milliseconds since the epoch
  http::RefusedHead head;
};

/// Of several workers' events the last of each proxy and kind, in the order of proxies.
std::vector<ErrorEvent> latest_events(std::vector<ErrorEvent> events);

/// HAProxy's form, without what it tells of its own buffers.
std::string format_errors(std::span<const ErrorEvent> events, std::int64_t now);

}  // namespace sluice::control
