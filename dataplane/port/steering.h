#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/base/keyed_hash.h"
#include "dataplane/buffer/packet_pool.h"
#include "dataplane/port/counters.h"
#include "dataplane/port/hand_off.h"
#include "dataplane/port/link.h"

namespace sluice::port {

/// Most packets that are fetched from a queue, handed on or sent at once.
inline constexpr std::size_t kBurst = 64;

/// Sorts what one worker receives: packets of flows that another worker owns go to that worker,
/// ARP and neighbour discovery go to all. The owner follows from the flow's hash alone, so every
/// worker comes to the same answer, whichever queue a packet came by.
class Steering {
 public:
  /// Worker `self` of `workers`. `counters` has one entry for each port. `pool` is the worker's,
  /// for copies.
  Steering(std::uint32_t self, std::uint32_t workers, const HashKey& flow_key, HandOffMesh& mesh,
           PacketPool& pool, std::span<Counters> counters);

  /// Takes at most kBurst packets received from a port and gives away those of others. Returns
  /// how many are left; they are at the front, in the order of their arrival.
  std::size_t sort(PortId port, std::span<rte_mbuf*> burst);

  /// Takes at most kBurst packets that worker `from` has handed over; returns how many.
  std::size_t take(std::uint32_t from, std::span<rte_mbuf*> packets) {
    return mesh_.take(from, self_, packets);
  }

 private:
  struct Outbox {
    std::array<rte_mbuf*, kBurst> packets;
    std::size_t count = 0;
  };

  [[nodiscard]] bool is_own(PortId port, rte_mbuf& packet);
  void put(std::uint32_t worker, PortId port, rte_mbuf& packet);
  void copy_to_others(PortId port, const rte_mbuf& packet);
  void give_outboxes(Counters& counters);

  std::uint32_t self_;
  std::uint32_t workers_;
  HashKey flow_key_;
  HandOffMesh& mesh_;
  PacketPool& pool_;
  std::span<Counters> counters_;
  std::vector<Outbox> outboxes_;  // by worker
};

}  // namespace sluice::port
