#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/buffer/packet.h"
#include "dataplane/capture/capture_tap.h"
#include "dataplane/ip/network.h"
#include "dataplane/port/counters.h"
#include "dataplane/port/port.h"
#include "dataplane/port/steering.h"
#include "dataplane/worker/counters.h"

namespace sluice::worker {

/// Fetches what arrives for one worker, from its own queues and from other workers, and gives it
/// to the worker's IP layer.
class Receiver {
 public:
  /// Worker `self` of `workers`. `ports` and `counters` are indexed by PortId. `steering` may be
  /// null for a single worker.
  Receiver(std::uint32_t self, std::uint32_t workers, std::span<port::Port* const> ports,
           port::Steering* steering, ip::Network& network, std::span<port::Counters> counters,
           BurstHistogram& bursts, capture::CaptureTap& tap);

  /// One pass: at most a burst from each own queue and from each other worker. Returns how many
  /// packets there were.
  std::size_t receive();

  /// Whether the last pass left packets where they were: a burst from some queue was a full one.
  [[nodiscard]] bool behind() const { return behind_; }

 private:
  struct Queue {
    port::Port* port;
    std::uint16_t number;
  };

  std::size_t receive_from(const Queue& queue);
  std::size_t receive_handed_over(std::uint32_t from);
  void deliver(port::PortId port, std::span<rte_mbuf* const> packets);
  void give_to_owner(port::PortId port, rte_mbuf* packet);

  std::uint32_t self_;
  std::uint32_t workers_;
  port::Steering* steering_;
  ip::Network& network_;
  std::span<port::Counters> counters_;
  BurstHistogram& bursts_;
  capture::CaptureTap& tap_;
  std::vector<Queue> queues_;
  std::array<Packet, port::kBurst> frames_;
  bool behind_ = false;
};

}  // namespace sluice::worker
