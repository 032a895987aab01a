#pragma once

#include <rte_mbuf.h>

#include <cstdint>
#include <span>
#include <utility>

namespace sluice {

/// Whether bytes of a buffer may be written, or written behind: it is nobody else's memory, and
/// nobody else refers to it.
inline bool is_writable(const rte_mbuf& buffer) {
  return RTE_MBUF_DIRECT(&buffer) && rte_mbuf_refcnt_read(&buffer) == 1;
}

/// The owner of one packet: a DPDK mbuf, or a chain of them. Move-only; the destructor gives the
/// buffers back to the pool they came from. An empty Packet owns nothing.
class Packet {
 public:
  Packet() = default;
  /// Takes over one reference to `mbuf` (and to what is chained behind it).
  explicit Packet(rte_mbuf* mbuf) noexcept : mbuf_(mbuf) {}
  Packet(Packet&& other) noexcept : mbuf_(std::exchange(other.mbuf_, nullptr)) {}
  Packet& operator=(Packet&& other) noexcept {
    if (this != &other) {
      reset();
      mbuf_ = std::exchange(other.mbuf_, nullptr);
    }
    return *this;
  }
  Packet(const Packet&) = delete;
  Packet& operator=(const Packet&) = delete;
  ~Packet() { reset(); }

  explicit operator bool() const { return mbuf_ != nullptr; }
  [[nodiscard]] rte_mbuf* get() const { return mbuf_; }
  /// Hands the buffers to the caller.
  [[nodiscard]] rte_mbuf* release() { return std::exchange(mbuf_, nullptr); }
  void reset() {
    if (mbuf_ != nullptr) rte_pktmbuf_free(std::exchange(mbuf_, nullptr));
  }

  // The rest needs a packet that is not empty.

  /// Bytes in the whole chain.
  [[nodiscard]] std::uint32_t size() const { return mbuf_->pkt_len; }
  /// The bytes of the first buffer: all of them, unless the packet is a chain.
  [[nodiscard]] std::span<std::uint8_t> front() const {
    return {rte_pktmbuf_mtod(mbuf_, std::uint8_t*), mbuf_->data_len};
  }
  [[nodiscard]] bool contiguous() const { return mbuf_->next == nullptr; }
  [[nodiscard]] std::uint16_t headroom() const { return rte_pktmbuf_headroom(mbuf_); }
  [[nodiscard]] std::uint16_t tailroom() const { return rte_pktmbuf_tailroom(mbuf_); }

  /// Adds `size` bytes in front; nullptr when the headroom is smaller.
  [[nodiscard]] std::uint8_t* prepend(std::uint16_t size) {
    return reinterpret_cast<std::uint8_t*>(rte_pktmbuf_prepend(mbuf_, size));
  }
  /// Adds `size` bytes behind the last buffer's data; nullptr when the tailroom is smaller.
  [[nodiscard]] std::uint8_t* append(std::uint16_t size) {
    return reinterpret_cast<std::uint8_t*>(rte_pktmbuf_append(mbuf_, size));
  }
  /// Removes bytes from the front; false (and no change) when the first buffer holds fewer.
  bool trim_front(std::uint16_t size) { return rte_pktmbuf_adj(mbuf_, size) != nullptr; }
  /// Removes bytes from the end; false (and no change) when the last buffer holds fewer.
  bool trim_back(std::uint16_t size) { return rte_pktmbuf_trim(mbuf_, size) == 0; }

 private:
  rte_mbuf* mbuf_ = nullptr;
};

}  // namespace sluice
