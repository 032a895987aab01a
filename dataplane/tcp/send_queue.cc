#include "dataplane/tcp/send_queue.h"

#include <algorithm>
#include <cstring>

namespace sluice::tcp {
namespace {

// Up to here a copy is cheaper than a reference: allocating, attaching and freeing a buffer and
// a second descriptor for the port.
constexpr std::size_t kCopyLimit = 512;
// What every driver takes as one packet.
constexpr std::uint16_t kMostPieces = 16;

}  // namespace

void SendQueue::acknowledge(std::size_t bytes) {
  if (cursor_start_ < bytes) {
    cursor_ = nullptr;
    cursor_start_ = 0;
  } else {
    cursor_start_ -= bytes;
  }
  bytes_.drop_front(bytes);
  if (cursor_ == nullptr) cursor_start_ = 0;
}

void SendQueue::seek(std::size_t offset) {
  if (cursor_ == nullptr || offset < cursor_start_) {
    cursor_ = bytes_.head();
    cursor_start_ = 0;
  }
  while (cursor_->next != nullptr && offset >= cursor_start_ + cursor_->data_len) {
    cursor_start_ += cursor_->data_len;
    cursor_ = cursor_->next;
  }
}

std::size_t SendQueue::read(std::size_t offset, std::size_t size, Packet& packet, PacketPool& pool,
                            Pieces pieces) {
  if (size == 0 || offset >= bytes_.size()) return 0;
  seek(offset);
  rte_mbuf* head = packet.get();
  rte_mbuf* source = cursor_;
  std::size_t skip = offset - cursor_start_;
  std::size_t added = 0;
  const bool copy_all = pieces == Pieces::kNone || size <= kCopyLimit;
  const std::size_t longest = pieces == Pieces::kAny ? size : PacketPool::kDataRoom;
  while (added < size && source != nullptr) {
    const auto here = static_cast<std::uint16_t>(
        std::min<std::size_t>({size - added, source->data_len - skip, longest}));
    // Behind a reference there is no room of our own to copy to.
    const bool copy = copy_all || (here <= kCopyLimit / 4 && head->nb_segs == 1);
    if (copy) {
      std::uint8_t* room = packet.append(here);
      if (room == nullptr) break;
      std::memcpy(room, rte_pktmbuf_mtod_offset(source, const std::uint8_t*, skip), here);
    } else {
      if (head->nb_segs >= kMostPieces) break;
      Packet piece = pool.share(*source, static_cast<std::uint16_t>(skip), here);
      if (!piece || rte_pktmbuf_chain(head, piece.get()) != 0) break;
      (void)piece.release();
    }
    added += here;
    skip += here;
    if (skip < source->data_len) continue;
    skip = 0;
    source = source->next;
  }
  return added;
}

void SendQueue::clear() {
  bytes_.clear();
  cursor_ = nullptr;
  cursor_start_ = 0;
}

}  // namespace sluice::tcp
