#pragma once

#include <cstdint>

#include "dataplane/base/time.h"
#include "http/access_log/end_cause.h"
#include "http/settings.h"

namespace sluice::http {

/// How far an exchange with a server came, and when; kNever where it did not.
struct ExchangeTrace {
  Instant started = kNever;
  Instant assigned = kNever;   ///< it had a server, for the first time
  Instant connected = kNever;  ///< and a connection to the last one
  Instant responded = kNever;  ///< whose response's head had come
  BackendId backend;
  ServerId server;                      ///< of the last attempt
  EndCause cause;                       ///< unless the client's side knows better
  std::uint32_t backend_exchanges = 0;  ///< this worker's when it ended, itself included
  std::uint32_t server_exchanges = 0;
  std::uint32_t queued_before = 0;  ///< in the whole process when it began to wait
  std::uint16_t retries = 0;
  bool redispatched = false;  ///< the last server is not the first
};

}  // namespace sluice::http
