#include "dataplane/buffer/packet_pool.h"

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>

namespace sluice {
namespace {

// Buffers that wait in a thread's own cache are found again without touching the shared ring.
constexpr unsigned kCacheSize = 256;

rte_mempool* create_pool(const std::string& name, std::uint32_t buffers, std::uint16_t room) {
  const unsigned cache = std::min<unsigned>(kCacheSize, buffers / 4);
  rte_mempool* pool = rte_pktmbuf_pool_create(name.c_str(), buffers, cache, 0, room, SOCKET_ID_ANY);
  if (pool == nullptr) {
    throw std::runtime_error("cannot allocate " + std::to_string(buffers) + " packet buffers for " +
                             name + ": " + rte_strerror(rte_errno));
  }
  return pool;
}

}  // namespace

PacketPool::PacketPool(const std::string& name, std::uint32_t buffers) : capacity_(buffers) {
  data_ = create_pool(name + "-data", buffers, kHeadroom + kDataRoom);
  try {
    references_ = create_pool(name + "-ref", buffers, 0);
  } catch (...) {
    rte_mempool_free(data_);
    throw;
  }
  refresh();
}

PacketPool::~PacketPool() {
  rte_mempool_free(references_);
  rte_mempool_free(data_);
}

std::size_t PacketPool::memory_for(std::uint32_t buffers) {
  constexpr std::size_t kObjectOverhead = 64 + 64;  // mempool header and alignment
  constexpr std::size_t kEach =
      2 * (sizeof(rte_mbuf) + kObjectOverhead) + kHeadroom + kDataRoom + 2 * sizeof(void*);
  constexpr std::size_t kFixed = std::size_t{4} << 20;  // caches for every lcore, rings, chunks
  return kFixed + buffers * kEach + std::bit_ceil(buffers + 1U) * 2 * sizeof(void*);
}

Packet PacketPool::refused() {
  allocation_failures_.add();
  return {};
}

Packet PacketPool::allocate() {
  rte_mbuf* mbuf = rte_pktmbuf_alloc(data_);
  return mbuf == nullptr ? refused() : Packet(mbuf);
}

Packet PacketPool::copy(std::span<const std::uint8_t> bytes) {
  if (bytes.size() > kDataRoom) return refused();
  Packet packet = allocate();
  if (packet && !bytes.empty()) {
    std::memcpy(packet.append(static_cast<std::uint16_t>(bytes.size())), bytes.data(),
                bytes.size());
  }
  return packet;
}

Packet PacketPool::share(rte_mbuf& buffer, std::uint16_t offset, std::uint16_t size) {
  rte_mbuf* mbuf = rte_pktmbuf_alloc(references_);
  if (mbuf == nullptr) return refused();
  rte_pktmbuf_attach(mbuf, &buffer);
  mbuf->data_off = static_cast<std::uint16_t>(buffer.data_off + offset);
  mbuf->data_len = size;
  mbuf->pkt_len = size;
  mbuf->ol_flags = RTE_MBUF_F_INDIRECT;  // without the offload requests of the original
  return Packet(mbuf);
}

// rte_mempool_avail_count() walks the cache of every possible lcore; what other workers hold of
// this pool in their caches is small, and comes back.
void PacketPool::refresh() {
  const auto* ring = static_cast<const rte_ring*>(data_->pool_data);
  std::uint32_t free = rte_ring_count(ring);
  const rte_mempool_cache* own = rte_mempool_default_cache(data_, rte_lcore_id());
  if (own != nullptr) free += own->len;
  available_.set(free);
  if (free > capacity_ / 4) {
    pressure_ = MemoryPressure::kNone;
  } else if (free > capacity_ / 16) {
    pressure_ = MemoryPressure::kLow;
  } else {
    pressure_ = MemoryPressure::kCritical;
  }
}

}  // namespace sluice
