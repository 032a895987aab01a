#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "dataplane/buffer/packet.h"
#include "dataplane/buffer/packet_pool.h"

namespace sluice {

/// A queue of bytes held in packet buffers: what travels through streams, from the buffer a frame
/// was received into to the one it leaves from, without a copy. Move-only.
///
/// Bytes are appended at the end and taken from the front. A small piece is copied behind the last
/// one where there is room, so that a sender of tiny segments cannot tie up a buffer for each.
class ByteChain {
 public:
  ByteChain() = default;
  explicit ByteChain(Packet packet) { append(std::move(packet)); }
  ByteChain(ByteChain&& other) noexcept
      : head_(std::exchange(other.head_, nullptr)),
        tail_(std::exchange(other.tail_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  ByteChain& operator=(ByteChain&& other) noexcept {
    if (this != &other) {
      clear();
      head_ = std::exchange(other.head_, nullptr);
      tail_ = std::exchange(other.tail_, nullptr);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  ByteChain(const ByteChain&) = delete;
  ByteChain& operator=(const ByteChain&) = delete;
  ~ByteChain() { clear(); }

  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// Bytes held.
  [[nodiscard]] std::size_t size() const { return size_; }
  /// The first buffer, or nullptr; the others follow by `next`. None of them is without data.
  [[nodiscard]] rte_mbuf* head() const { return head_; }
  /// The last buffer, or nullptr.
  [[nodiscard]] rte_mbuf* tail() const { return tail_; }
  /// The bytes of the first buffer.
  [[nodiscard]] std::span<std::uint8_t> front() const {
    if (head_ == nullptr) return {};
    return {rte_pktmbuf_mtod(head_, std::uint8_t*), head_->data_len};
  }
  /// Whether all bytes lie in the first buffer.
  [[nodiscard]] bool contiguous() const { return head_ == tail_; }

  /// Appends a packet's bytes (of the whole chain). Copies them behind the present ones when they
  /// are few and fit.
  void append(Packet packet);
  /// Appends all of another chain's bytes; it is left empty.
  void append(ByteChain&& other);
  /// Appends a copy of bytes. False when buffers ran out; the chain then holds what it held before.
  [[nodiscard]] bool append_copy(std::span<const std::uint8_t> bytes, PacketPool& pool);

  /// Removes the first `size` bytes (at most size()).
  void drop_front(std::size_t size);
  /// Removes what is behind the first `size` bytes.
  void truncate(std::size_t size);
  /// Moves the first `size` bytes (at most size()) to the end of `to`, by reference where they end
  /// inside a buffer. False, with nothing moved, when the reference or buffer for the cut could
  /// not be had.
  [[nodiscard]] bool move_front(std::size_t size, ByteChain& to, PacketPool& pool);
  /// Copies bytes at an offset into `out`, which must not reach beyond the end.
  void copy_out(std::size_t offset, std::span<std::uint8_t> out) const;
  /// The first buffer with its bytes as a packet of its own; empty when the chain is.
  [[nodiscard]] Packet pop_front();
  void clear();

 private:
  void link(rte_mbuf* first, rte_mbuf* last, std::size_t size);

  rte_mbuf* head_ = nullptr;
  rte_mbuf* tail_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace sluice
