#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/buffer/packet.h"

namespace sluice::ip {

/// Room for packets that wait for their neighbours' addresses: many short queues over one bounded
/// store, so that no number of unresolved neighbours can tie up more buffers than that.
class PendingPackets {
 public:
  /// One neighbour's queue.
  class Queue {
   public:
    [[nodiscard]] std::uint16_t size() const { return size_; }

   private:
    friend class PendingPackets;
    std::uint16_t first_ = 0;
    std::uint16_t last_ = 0;
    std::uint16_t size_ = 0;
  };

  /// `capacity` packets over all queues, at most 65535.
  explicit PendingPackets(std::uint16_t capacity);

  /// Appends a packet; false, and the packet is freed, when the store is full.
  bool push(Queue& queue, Packet packet);
  /// Takes the oldest packet; empty when the queue is.
  [[nodiscard]] Packet pop(Queue& queue);

 private:
  struct Node {
    Packet packet;
    std::uint16_t next = 0;
  };

  std::vector<Node> nodes_;
  std::vector<std::uint16_t> free_;
};

}  // namespace sluice::ip
