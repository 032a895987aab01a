#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/base/counter.h"
#include "dataplane/buffer/packet.h"

struct rte_mempool;

namespace sluice {

/// How much is left of a pool. Each level gives up something more, so that what is established
/// goes on when buffers are short.
enum class MemoryPressure : std::uint8_t {
  kNone,      ///< more than a quarter is free
  kLow,       ///< receive windows shrink, new connections are not taken
  kCritical,  ///< only ACK, FIN, RST and the neighbour protocols are sent
};

/// One worker's packet buffers: a pool of data buffers, a few large ones, and references that let a
/// part of a buffer travel twice without a copy. Allocation never blocks and never throws; it
/// returns an empty Packet, and counts it, when the pool is dry.
///
/// Buffers may be freed by any worker; they are allocated by the owner alone. The one that was
/// freed last is the next to be taken: its memory is still in the processor's cache.
class PacketPool {
 public:
  /// Bytes of payload in one data buffer, behind the headroom.
  static constexpr std::uint16_t kDataRoom = 2048;
  /// Bytes in one large buffer, which has no headroom: a TLS record of the largest size, and as
  /// much again as its overhead may take.
  static constexpr std::uint16_t kLargeRoom = 17 * 1024 + 512;
  /// Bytes kept free in front of every allocated buffer for the headers of all layers.
  static constexpr std::uint16_t kHeadroom = RTE_PKTMBUF_HEADROOM;

  /// Creates the pools. `buffers` data buffers, of about 2.3 KiB each, as many references, of 128
  /// bytes each, and a large buffer for every 64 data buffers. `name` must be unique in the process
  /// and at most 20 characters long. Throws std::runtime_error when EAL's memory does not suffice.
  PacketPool(const std::string& name, std::uint32_t buffers);
  ~PacketPool();
  PacketPool(const PacketPool&) = delete;
  PacketPool& operator=(const PacketPool&) = delete;

  /// Bytes of EAL memory that a pool of so many buffers takes, rounded up generously.
  static std::size_t memory_for(std::uint32_t buffers);

  /// An empty data buffer with kHeadroom bytes in front, or an empty Packet.
  [[nodiscard]] Packet allocate();

  /// An empty large buffer, for bulk data that is made here and sent by reference; an empty Packet,
  /// which is not counted, when there is none: ordinary buffers do as well.
  [[nodiscard]] Packet allocate_large();

  /// A data buffer holding a copy of `bytes` (at most kDataRoom of them), or an empty Packet.
  [[nodiscard]] Packet copy(std::span<const std::uint8_t> bytes);

  /// A new reference to `size` bytes at `offset` of one buffer's data (not of a chain): both share
  /// the memory, which is free when both are. `offset + size` must lie within its data. A copy
  /// where there are as many references as can be counted.
  [[nodiscard]] Packet share(rte_mbuf& buffer, std::uint16_t offset, std::uint16_t size);

  /// Names the pools of other workers whose buffers come here with packets that are handed over:
  /// what is short there is short here, since here is where they may be held up. They outlive the
  /// calls of refresh().
  void fed_by(std::vector<const PacketPool*> others) { others_ = std::move(others); }

  /// Reads how many buffers are free; called once a loop.
  void refresh();
  [[nodiscard]] std::uint32_t capacity() const { return capacity_; }
  /// As of the last refresh().
  [[nodiscard]] std::uint32_t available() const {
    return static_cast<std::uint32_t>(available_.get());
  }
  /// As of the last refresh(), here or in the scarcest of the pools that feed this worker.
  [[nodiscard]] std::uint32_t scarcest() const { return scarcest_; }
  [[nodiscard]] MemoryPressure pressure() const { return pressure_; }
  /// Free buffers from which on downwards pressure() is kLow, and kCritical.
  [[nodiscard]] std::uint32_t low_mark() const { return capacity_ / 4; }
  [[nodiscard]] std::uint32_t critical_mark() const { return capacity_ / 16; }
  [[nodiscard]] std::uint64_t allocation_failures() const { return allocation_failures_.get(); }

  /// For a port's receive queue, which fills buffers from it.
  [[nodiscard]] rte_mempool* data_pool() const { return data_; }

 private:
  static constexpr std::uint32_t kSmallForALarge = 64;

  void free_pools();
  Packet refused();

  rte_mempool* data_ = nullptr;
  rte_mempool* references_ = nullptr;
  rte_mempool* large_ = nullptr;  // none in a small pool
  std::uint32_t capacity_;
  Counter available_;
  std::uint32_t scarcest_ = 0;
  std::vector<const PacketPool*> others_;
  MemoryPressure pressure_ = MemoryPressure::kNone;
  Counter allocation_failures_;
};

}  // namespace sluice
