#include "tls/record/buffer_reserve.h"

#include <utility>

namespace sluice::tls {

bool BufferReserve::ensure(std::size_t bytes) {
  if (bytes > kWorthLarge && !large_) large_ = pool_.allocate_large();
  if (large_ && bytes <= PacketPool::kLargeRoom) return true;
  const std::size_t needed = (bytes + PacketPool::kDataRoom - 1) / PacketPool::kDataRoom;
  if (needed > kCapacity) return false;
  while (count_ < needed) {
    Packet buffer = pool_.allocate();
    if (!buffer) return false;
    buffers_[count_++] = std::move(buffer);
  }
  return true;
}

Packet BufferReserve::take() {
  if (large_) return std::move(large_);
  return count_ > 0 ? std::move(buffers_[--count_]) : pool_.allocate();
}

void BufferReserve::release() {
  large_.reset();
  while (count_ > 0) buffers_[--count_].reset();
}

}  // namespace sluice::tls
