#pragma once

#include <cstdint>

#include "http/balancing/balancer.h"
#include "http/balancing/retry_budget.h"
#include "http/balancing/waiting_line.h"

namespace sluice::http {

/// Where one worker's exchanges with a backend get their servers: who is next, who waits, and how
/// many retries are left.
struct BackendDesk {
  BackendDesk(FleetState& fleet, std::uint32_t worker, BackendId backend, std::uint64_t seed)
      : id(backend),
        load(fleet.load(worker).backends[backend.index()]),
        balancer(fleet, worker, seed),
        line(fleet, worker, backend) {}

  BackendId id;
  BackendLoad& load;
  Balancer balancer;
  WaitingLine line;
  RetryBudget retries;
};

}  // namespace sluice::http
