#include "dataplane/worker/memory_plan.h"

#include <algorithm>

#include "dataplane/buffer/packet_pool.h"
#include "dataplane/port/device.h"
#include "dataplane/port/hand_off.h"
#include "dataplane/worker/transmitter.h"

namespace sluice::worker {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

constexpr std::uint32_t kFewestBuffers = 8192;
constexpr std::uint32_t kMostBuffers = 1U << 20;
// Bursts on their way and what the caches of other cores hold.
constexpr std::uint32_t kBuffersInTransit = 1024;
constexpr std::size_t kDeviceBytes = 2 * kMiB;
constexpr std::size_t kFixedBytes = 16 * kMiB;
// A data buffer has a page of its own, and a reference its share of one.
constexpr std::size_t kSmallPageBytesPerBuffer = 4096 + 256;

std::uint32_t divided_up(std::uint64_t amount, std::uint64_t by) {
  return static_cast<std::uint32_t>((amount + by - 1) / by);
}

std::size_t mib_up(std::size_t bytes) {
  return (bytes + kMiB - 1) / kMiB;
}

// At most, in the pool of one worker: as if it had the first queue of every device.
std::uint32_t held_by_devices(std::uint32_t workers, std::span<const port::DeviceName> devices) {
  std::uint32_t held = static_cast<std::uint32_t>(devices.size() * Transmitter::kMostWaiting);
  for (const port::DeviceName& device : devices) {
    const std::uint32_t queues =
        std::max<std::uint32_t>(1, divided_up(std::max<std::uint16_t>(device.queues, 1), workers));
    held += queues * port::buffers_held_by_queue(device);
  }
  return held;
}

std::uint32_t calculate_buffers(const MemoryNeeds& needs,
                                std::span<const port::DeviceName> devices) {
  if (needs.buffers_per_worker != 0) return needs.buffers_per_worker;
  const std::uint32_t connections = divided_up(needs.max_connections, needs.workers);
  const std::uint64_t for_connections =
      divided_up(std::uint64_t{connections} * needs.bytes_per_connection, PacketPool::kDataRoom);
  const std::uint64_t in_rings = std::uint64_t{needs.workers - 1} * port::HandOffMesh::kRingSize;
  const std::uint64_t all =
      for_connections + in_rings + held_by_devices(needs.workers, devices) + kBuffersInTransit;
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(all, kFewestBuffers, kMostBuffers));
}

}  // namespace

MemoryPlan plan_memory(const MemoryNeeds& needs, std::span<const port::DeviceName> devices) {
  MemoryPlan plan;
  plan.buffers_per_worker = calculate_buffers(needs, devices);
  plan.pool_bytes = PacketPool::memory_for(plan.buffers_per_worker);
  if (needs.workers > 1) plan.hand_off_bytes = 2 * port::HandOffMesh::memory_for(needs.workers);
  plan.device_bytes = kFixedBytes + devices.size() * kDeviceBytes;
  const std::size_t rest = plan.hand_off_bytes + plan.device_bytes;
  plan.total_mib = mib_up(needs.workers * plan.pool_bytes + rest);
  const std::size_t spread =
      std::max(plan.pool_bytes, plan.buffers_per_worker * kSmallPageBytesPerBuffer + 4 * kMiB);
  plan.total_mib_small_pages = mib_up(needs.workers * spread + rest);
  return plan;
}

std::string MemoryPlan::describe(std::uint32_t workers) const {
  return std::to_string(buffers_per_worker) + " packet buffers for each of " +
         std::to_string(workers) + (workers == 1 ? " worker (" : " workers (") +
         std::to_string(mib_up(pool_bytes)) + " MiB each), " +
         std::to_string(mib_up(hand_off_bytes)) + " MiB of hand-off rings, " +
         std::to_string(mib_up(device_bytes)) + " MiB for devices";
}

}  // namespace sluice::worker
