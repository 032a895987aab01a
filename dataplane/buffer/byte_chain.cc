#include "dataplane/buffer/byte_chain.h"

#include <algorithm>

namespace sluice {
namespace {

// Below this a copy costs less than a buffer of one's own, or a reference to a part of another.
constexpr std::size_t kCopyLimit = 256;

}  // namespace

// Inside a chain every buffer describes itself alone; packet lengths are made when one leaves.
void ByteChain::link(rte_mbuf* first, rte_mbuf* last, std::size_t size) {
  if (tail_ == nullptr) {
    head_ = first;
  } else {
    tail_->next = first;
  }
  tail_ = last;
  size_ += size;
}

void ByteChain::append(Packet packet) {
  rte_mbuf* mbuf = packet.release();
  while (mbuf != nullptr) {
    rte_mbuf* next = std::exchange(mbuf->next, nullptr);
    mbuf->nb_segs = 1;
    mbuf->pkt_len = mbuf->data_len;
    const std::uint16_t size = mbuf->data_len;
    const bool fits = tail_ != nullptr && size <= kCopyLimit && is_writable(*tail_) &&
                      rte_pktmbuf_tailroom(tail_) >= size;
    if (size == 0) {
      rte_pktmbuf_free_seg(mbuf);
    } else if (fits) {
      std::memcpy(rte_pktmbuf_mtod_offset(tail_, std::uint8_t*, tail_->data_len),
                  rte_pktmbuf_mtod(mbuf, const std::uint8_t*), size);
      tail_->data_len = static_cast<std::uint16_t>(tail_->data_len + size);
      tail_->pkt_len = tail_->data_len;
      size_ += size;
      rte_pktmbuf_free_seg(mbuf);
    } else {
      link(mbuf, mbuf, size);
    }
    mbuf = next;
  }
}

void ByteChain::append(ByteChain&& other) {
  if (other.head_ == nullptr) return;
  if (other.contiguous()) {
    append(other.pop_front());
    return;
  }
  rte_mbuf* first = std::exchange(other.head_, nullptr);
  rte_mbuf* last = std::exchange(other.tail_, nullptr);
  link(first, last, std::exchange(other.size_, 0));
}

bool ByteChain::append_copy(std::span<const std::uint8_t> bytes, PacketPool& pool) {
  ByteChain added;
  std::span<const std::uint8_t> rest = bytes;
  if (tail_ != nullptr && is_writable(*tail_)) {
    rest = rest.subspan(std::min<std::size_t>(rest.size(), rte_pktmbuf_tailroom(tail_)));
  }
  const std::size_t in_tail = bytes.size() - rest.size();
  while (!rest.empty()) {
    const std::size_t piece = std::min<std::size_t>(rest.size(), PacketPool::kDataRoom);
    Packet packet = pool.copy(rest.first(piece));
    if (!packet) return false;
    rte_mbuf* mbuf = packet.release();
    added.link(mbuf, mbuf, piece);
    rest = rest.subspan(piece);
  }
  if (tail_ != nullptr && in_tail > 0) {
    std::memcpy(rte_pktmbuf_mtod_offset(tail_, std::uint8_t*, tail_->data_len), bytes.data(),
                in_tail);
    tail_->data_len = static_cast<std::uint16_t>(tail_->data_len + in_tail);
    tail_->pkt_len = tail_->data_len;
    size_ += in_tail;
  }
  if (added.head_ != nullptr) {
    link(added.head_, added.tail_, added.size_);
    added.head_ = added.tail_ = nullptr;
    added.size_ = 0;
  }
  return true;
}

void ByteChain::drop_front(std::size_t size) {
  size = std::min(size, size_);
  while (size > 0) {
    const std::size_t here = std::min<std::size_t>(size, head_->data_len);
    if (here == head_->data_len) {
      pop_front().reset();
    } else {
      rte_pktmbuf_adj(head_, static_cast<std::uint16_t>(here));
      size_ -= here;
    }
    size -= here;
  }
}

void ByteChain::truncate(std::size_t size) {
  if (size >= size_) return;
  if (size == 0) {
    clear();
    return;
  }
  size_ = size;
  rte_mbuf* last = head_;
  while (size > last->data_len) {
    size -= last->data_len;
    last = last->next;
  }
  last->data_len = static_cast<std::uint16_t>(size);
  last->pkt_len = last->data_len;
  tail_ = last;
  rte_mbuf* rest = std::exchange(last->next, nullptr);
  while (rest != nullptr) {
    rte_mbuf* next = rest->next;
    rte_pktmbuf_free_seg(rest);
    rest = next;
  }
}

bool ByteChain::move_front(std::size_t size, ByteChain& to, PacketPool& pool) {
  size = std::min(size, size_);
  std::size_t whole = 0;  // bytes in buffers that move as they are
  rte_mbuf* cut = head_;
  while (cut != nullptr && whole + cut->data_len <= size) {
    whole += cut->data_len;
    cut = cut->next;
  }
  Packet part;
  const auto rest = static_cast<std::uint16_t>(size - whole);
  if (rest > 0) {
    const auto* start = rte_pktmbuf_mtod(cut, const std::uint8_t*);
    part = rest <= kCopyLimit ? pool.copy({start, rest}) : pool.share(*cut, 0, rest);
    if (!part) return false;
  }
  while (head_ != cut) to.append(pop_front());
  if (part) {
    to.append(std::move(part));
    drop_front(rest);
  }
  return true;
}

void ByteChain::copy_out(std::size_t offset, std::span<std::uint8_t> out) const {
  const rte_mbuf* mbuf = head_;
  while (mbuf != nullptr && offset >= mbuf->data_len) {
    offset -= mbuf->data_len;
    mbuf = mbuf->next;
  }
  std::size_t done = 0;
  while (mbuf != nullptr && done < out.size()) {
    const std::size_t here = std::min<std::size_t>(out.size() - done, mbuf->data_len - offset);
    std::memcpy(out.data() + done, rte_pktmbuf_mtod_offset(mbuf, const std::uint8_t*, offset),
                here);
    done += here;
    offset = 0;
    mbuf = mbuf->next;
  }
}

Packet ByteChain::pop_front() {
  if (head_ == nullptr) return {};
  rte_mbuf* mbuf = head_;
  head_ = std::exchange(mbuf->next, nullptr);
  if (head_ == nullptr) tail_ = nullptr;
  size_ -= mbuf->data_len;
  mbuf->nb_segs = 1;
  mbuf->pkt_len = mbuf->data_len;
  return Packet(mbuf);
}

void ByteChain::clear() {
  while (head_ != nullptr) pop_front().reset();
}

}  // namespace sluice
