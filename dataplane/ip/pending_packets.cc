#include "dataplane/ip/pending_packets.h"

#include <utility>

namespace sluice::ip {

PendingPackets::PendingPackets(std::uint16_t capacity) : nodes_(capacity) {
  free_.reserve(capacity);
  for (std::uint16_t i = capacity; i > 0; --i) free_.push_back(static_cast<std::uint16_t>(i - 1));
}

bool PendingPackets::push(Queue& queue, Packet packet) {
  if (free_.empty()) return false;
  const std::uint16_t index = free_.back();
  free_.pop_back();
  nodes_[index].packet = std::move(packet);
  if (queue.size_ == 0) {
    queue.first_ = index;
  } else {
    nodes_[queue.last_].next = index;
  }
  queue.last_ = index;
  ++queue.size_;
  return true;
}

Packet PendingPackets::pop(Queue& queue) {
  if (queue.size_ == 0) return {};
  const std::uint16_t index = queue.first_;
  queue.first_ = nodes_[index].next;
  --queue.size_;
  free_.push_back(index);
  return std::move(nodes_[index].packet);
}

}  // namespace sluice::ip
