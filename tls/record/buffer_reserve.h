#pragma once

#include <array>
#include <cstddef>

#include "dataplane/buffer/packet_pool.h"

namespace sluice::tls {

/// Buffers set aside before a record is made, so that one that is begun can be written whole. One
/// for each worker; what a record leaves over stays for the next. A long record gets one large
/// buffer when there is one: a cipher is quickest with it in one piece, and so is the port.
class BufferReserve {
 public:
  explicit BufferReserve(PacketPool& pool) : pool_(pool) {}

  /// Makes sure that `bytes` can be written into buffers from take(). False when the pool is dry,
  /// or for more than kCapacity buffers hold.
  [[nodiscard]] bool ensure(std::size_t bytes);

  /// Whether the next buffer from take() is large.
  [[nodiscard]] bool large() const { return static_cast<bool>(large_); }
  /// An empty buffer: from the reserve, else from the pool; an empty Packet when both are dry.
  [[nodiscard]] Packet take();

  /// Gives all buffers back to the pool.
  void release();

  /// As many buffers as the largest record takes, with room for its overhead.
  static constexpr std::size_t kCapacity = 9;

 private:
  // Shorter records leave the large buffers to others.
  static constexpr std::size_t kWorthLarge = 3 * std::size_t{PacketPool::kDataRoom};

  PacketPool& pool_;
  Packet large_;
  std::array<Packet, kCapacity> buffers_;
  std::size_t count_ = 0;
};

}  // namespace sluice::tls
