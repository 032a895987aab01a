#pragma once

#include <cstdint>
#include <optional>

namespace sluice::port {

/// Which worker serves which queue of a port. A worker receives from all queues that are its own
/// and sends on the first of them; who has none sends through another worker.
class QueueMap {
 public:
  /// `first` is the worker of queue 0; the next queue is the next worker's, and so on round.
  QueueMap(std::uint16_t queues, std::uint32_t workers, std::uint32_t first)
      : queues_(queues), workers_(workers), first_(first % workers) {}

  [[nodiscard]] std::uint16_t queues() const { return queues_; }
  [[nodiscard]] std::uint32_t worker_of(std::uint16_t queue) const {
    return (first_ + queue) % workers_;
  }

  /// The first queue of a worker, its transmit queue; nothing when it has none.
  [[nodiscard]] std::optional<std::uint16_t> queue_of(std::uint32_t worker) const {
    const std::uint32_t queue = (worker + workers_ - first_) % workers_;
    if (queue >= queues_) return {};
    return static_cast<std::uint16_t>(queue);
  }

  /// The worker whose transmit queue a worker's frames leave by: itself, if it has one. Those
  /// without are spread over those with.
  [[nodiscard]] std::uint32_t transmitter_for(std::uint32_t worker) const {
    if (queue_of(worker)) return worker;
    return worker_of(static_cast<std::uint16_t>(worker % queues_));
  }

 private:
  std::uint16_t queues_;
  std::uint32_t workers_;
  std::uint32_t first_;
};

}  // namespace sluice::port
