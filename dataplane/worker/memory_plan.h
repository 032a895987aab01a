#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "dataplane/port/device_name.h"

namespace sluice::worker {

/// What decides how much memory packets need.
struct MemoryNeeds {
  std::uint32_t workers = 1;
  std::uint32_t max_connections = 65536;  ///< of the whole process
  /// Bytes in packet buffers that a connection holds at one time, on average over as many as
  /// max_connections: sent and not acknowledged, or received and not read. Idle ones hold none.
  std::uint32_t bytes_per_connection = 2048;
  /// Of each worker's pool; 0: calculated from the above.
  std::uint32_t buffers_per_worker = 0;
};

/// The memory that DPDK is started with, and how it is divided.
struct MemoryPlan {
  std::uint32_t buffers_per_worker = 0;  ///< data buffers; a pool has as many references
  std::size_t pool_bytes = 0;            ///< each worker's pool
  std::size_t hand_off_bytes = 0;        ///< rings between workers
  std::size_t device_bytes = 0;          ///< drivers' own
  std::size_t total_mib = 0;             ///< for EAL, in hugepages
  /// For EAL without hugepages: more address space, since buffers do not cross small pages there.
  /// What is not touched costs nothing.
  std::size_t total_mib_small_pages = 0;

  /// "16384 packet buffers for each of 2 workers (46 MiB each), ..."
  [[nodiscard]] std::string describe(std::uint32_t workers) const;
};

/// Divides memory so that the devices' queues, the rings between workers and `max_connections`
/// are served. Pure calculation.
MemoryPlan plan_memory(const MemoryNeeds& needs, std::span<const port::DeviceName> devices);

}  // namespace sluice::worker
