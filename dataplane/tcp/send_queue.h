#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/buffer/byte_chain.h"
#include "dataplane/buffer/packet_pool.h"

namespace sluice::tcp {

/// The bytes a connection was given to send and the peer has not acknowledged, sent or not. Offset
/// zero is the oldest of them (SND.UNA).
class SendQueue {
 public:
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

  void append(ByteChain&& bytes) { bytes_.append(std::move(bytes)); }

  /// Forgets the oldest bytes.
  void acknowledge(std::size_t bytes);

  /// How much a piece that is chained to a packet may hold.
  enum class Pieces : std::uint8_t { kNone, kSmall, kAny };

  /// Adds the bytes [offset, offset + size) to the end of `packet`, an allocated buffer with room
  /// for a segment. Long runs are chained to it instead of copied, in pieces that the port takes:
  /// none if it does not send chains, or of at most PacketPool::kDataRoom bytes. Returns how many
  /// bytes were added: fewer than `size` when the pool ran dry or the packet cannot take more
  /// pieces.
  std::size_t read(std::size_t offset, std::size_t size, Packet& packet, PacketPool& pool,
                   Pieces pieces);

  void clear();

 private:
  void seek(std::size_t offset);

  ByteChain bytes_;
  // Where the last read ended, so that sending a long queue does not walk it from the front.
  rte_mbuf* cursor_ = nullptr;
  std::size_t cursor_start_ = 0;
};

}  // namespace sluice::tcp
