#include "dataplane/buffer/packet_pool.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mempool.h>
#include <rte_memzone.h>
#include <rte_stack.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace sluice {
namespace {

// The count has 16 bits; other workers may add theirs meanwhile.
constexpr std::uint16_t kMostReferences = 0xf000;
// Buffers that wait in a thread's own cache are found again without touching the shared stack.
constexpr unsigned kCacheSize = 256;
// Last in, first out. With DPDK's usual ring every buffer comes back when all others have been
// used: in a bulk download each was written into memory that had left the cache.
constexpr const char* kOrder = "stack";

[[noreturn]] void refuse(const std::string& name, std::uint32_t buffers) {
  throw std::runtime_error("cannot allocate " + std::to_string(buffers) + " packet buffers for " +
                           name + ": " + rte_strerror(rte_errno));
}

void free_memory(rte_mempool_memhdr* /*chunk*/, void* memory) {
  rte_memzone_free(static_cast<const rte_memzone*>(memory));
}

// Puts the buffers one right behind the other, across the borders of pages, where DPDK's own way
// would leave gaps: nearly half of a small page. Besides, DPDK 22.11's AF_XDP driver takes it for
// granted and loses the buffers behind the gaps. Returns false with rte_errno set.
bool populate_densely(rte_mempool& pool, const std::string& name, std::uint32_t buffers) {
  const std::size_t each = pool.header_size + pool.elt_size + pool.trailer_size;
  const rte_memzone* memory = rte_memzone_reserve_aligned(name.c_str(), buffers * each,
                                                          SOCKET_ID_ANY, 0, RTE_MEMPOOL_ALIGN);
  if (memory == nullptr) return false;
  const int populated =
      rte_mempool_populate_iova(&pool, static_cast<char*>(memory->addr), memory->iova, memory->len,
                                free_memory, const_cast<rte_memzone*>(memory));
  if (populated == static_cast<int>(buffers)) return true;
  if (populated <= 0) rte_memzone_free(memory);
  rte_errno = populated < 0 ? -populated : ENOBUFS;
  return false;
}

rte_mempool* create_dense_pool(const std::string& name, std::uint32_t buffers, unsigned cache,
                               std::uint16_t room) {
  // The flag lets objects cross pages. Their IO addresses are contiguous all the same.
  rte_mempool* pool = rte_mempool_create_empty(
      name.c_str(), buffers, static_cast<unsigned>(sizeof(rte_mbuf)) + room, cache,
      sizeof(rte_pktmbuf_pool_private), SOCKET_ID_ANY, RTE_MEMPOOL_F_NO_IOVA_CONTIG);
  if (pool == nullptr) return nullptr;
  rte_pktmbuf_pool_private settings{};
  settings.mbuf_data_room_size = room;
  if (rte_mempool_set_ops_byname(pool, kOrder, nullptr) != 0) {
    rte_mempool_free(pool);
    rte_errno = EINVAL;
    return nullptr;
  }
  rte_pktmbuf_pool_init(pool, &settings);
  if (!populate_densely(*pool, name, buffers)) {
    const int why = rte_errno;
    rte_mempool_free(pool);
    rte_errno = why;
    return nullptr;
  }
  rte_mempool_obj_iter(pool, rte_pktmbuf_init, nullptr);
  return pool;
}

rte_mempool* create_pool(const std::string& name, std::uint32_t buffers, std::uint16_t room) {
  const unsigned cache = std::min<unsigned>(kCacheSize, buffers / 4);
  // Physical addresses are not contiguous beyond a page.
  const bool dense = rte_eal_iova_mode() == RTE_IOVA_VA;
  rte_mempool* pool = dense ? create_dense_pool(name, buffers, cache, room)
                            : rte_pktmbuf_pool_create_by_ops(name.c_str(), buffers, cache, 0, room,
                                                             SOCKET_ID_ANY, kOrder);
  if (pool == nullptr) refuse(name, buffers);
  return pool;
}

}  // namespace

PacketPool::PacketPool(const std::string& name, std::uint32_t buffers) : capacity_(buffers) {
  try {
    data_ = create_pool(name + "-data", buffers, kHeadroom + kDataRoom);
    references_ = create_pool(name + "-ref", buffers, 0);
    const std::uint32_t large = buffers / kSmallForALarge;
    // Small pages are not contiguous for a device that takes physical addresses.
    if (large > 0 && (rte_eal_has_hugepages() != 0 || rte_eal_iova_mode() == RTE_IOVA_VA))
      large_ = create_pool(name + "-large", large, kLargeRoom);
  } catch (...) {
    free_pools();
    throw;
  }
  refresh();
}

PacketPool::~PacketPool() {
  free_pools();
}

void PacketPool::free_pools() {
  rte_mempool_free(large_);
  rte_mempool_free(references_);
  rte_mempool_free(data_);
}

std::size_t PacketPool::memory_for(std::uint32_t buffers) {
  constexpr std::size_t kObjectOverhead = 64 + 64;  // mempool header and alignment
  constexpr std::size_t kEach =
      2 * (sizeof(rte_mbuf) + kObjectOverhead) + kHeadroom + kDataRoom + 2 * sizeof(void*);
  constexpr std::size_t kLarge = sizeof(rte_mbuf) + kObjectOverhead + kLargeRoom;
  constexpr std::size_t kFixed = std::size_t{4} << 20;  // caches for every lcore, chunks
  return kFixed + buffers * kEach + buffers / kSmallForALarge * kLarge;
}

Packet PacketPool::refused() {
  allocation_failures_.add();
  return {};
}

Packet PacketPool::allocate() {
  rte_mbuf* mbuf = rte_pktmbuf_alloc(data_);
  return mbuf == nullptr ? refused() : Packet(mbuf);
}

Packet PacketPool::allocate_large() {
  rte_mbuf* mbuf = large_ == nullptr ? nullptr : rte_pktmbuf_alloc(large_);
  if (mbuf == nullptr) return {};
  mbuf->data_off = 0;
  return Packet(mbuf);
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
  const rte_mbuf* owner = RTE_MBUF_CLONED(&buffer) ? rte_mbuf_from_indirect(&buffer) : &buffer;
  if (rte_mbuf_refcnt_read(owner) >= kMostReferences && size <= kDataRoom) {
    return copy({rte_pktmbuf_mtod_offset(&buffer, const std::uint8_t*, offset), size});
  }
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
  std::uint32_t free = rte_stack_count(static_cast<rte_stack*>(data_->pool_data));
  const rte_mempool_cache* own = rte_mempool_default_cache(data_, rte_lcore_id());
  if (own != nullptr) free += own->len;
  available_.set(free);
  scarcest_ = free;
  for (const PacketPool* other : others_) scarcest_ = std::min(scarcest_, other->available());
  if (scarcest_ > low_mark()) {
    pressure_ = MemoryPressure::kNone;
  } else if (scarcest_ > critical_mark()) {
    pressure_ = MemoryPressure::kLow;
  } else {
    pressure_ = MemoryPressure::kCritical;
  }
}

}  // namespace sluice
