#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/port/ring_wire.h"

struct rte_mbuf;

namespace sluice::port {

/// The rings by which workers hand packets to each other, one for each ordered pair, so that each
/// has one producer and one consumer. A packet's `port` field holds the PortId it came from, or is
/// to leave by.
class HandOffMesh {
 public:
  /// Packets that fit into one ring. Beyond that they are dropped, like in a full queue of a NIC.
  static constexpr std::uint32_t kRingSize = 2048;

  /// Rings between all pairs of `workers`; `purpose` is part of their names ("rx"). Throws
  /// std::runtime_error when EAL's memory does not suffice.
  HandOffMesh(const char* purpose, std::uint32_t workers);
  /// Frees the packets still in the rings.
  ~HandOffMesh();
  HandOffMesh(const HandOffMesh&) = delete;
  HandOffMesh& operator=(const HandOffMesh&) = delete;

  /// Bytes of EAL memory that a mesh takes, rounded up.
  static std::size_t memory_for(std::uint32_t workers);

  /// Gives packets away; returns how many, from the front, fitted. Called by worker `from` alone.
  std::size_t give(std::uint32_t from, std::uint32_t to, std::span<rte_mbuf* const> packets);
  /// How many packets would fit. Called by worker `from` alone.
  [[nodiscard]] std::size_t room(std::uint32_t from, std::uint32_t to) const;
  /// Takes up to packets.size() packets that `from` gave; returns how many. Called by `to` alone.
  std::size_t take(std::uint32_t from, std::uint32_t to, std::span<rte_mbuf*> packets);

 private:
  rte_ring* ring(std::uint32_t from, std::uint32_t to) const {
    return rings_[from * workers_ + to].get();
  }

  std::uint32_t workers_;
  std::vector<RingPointer> rings_;  // the diagonal is empty
};

}  // namespace sluice::port
