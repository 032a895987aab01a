#include "dataplane/port/hand_off.h"

#include <rte_ring.h>

#include <string>

namespace sluice::port {

HandOffMesh::HandOffMesh(const char* purpose, std::uint32_t workers) : workers_(workers) {
  rings_.resize(std::size_t{workers} * workers);
  for (std::uint32_t from = 0; from < workers; ++from) {
    for (std::uint32_t to = 0; to < workers; ++to) {
      if (from == to) continue;
      const std::string name =
          std::string(purpose) + '-' + std::to_string(from) + '-' + std::to_string(to);
      rings_[from * workers + to] = make_ring(name, kRingSize);
    }
  }
}

HandOffMesh::~HandOffMesh() {
  for (const RingPointer& ring : rings_) {
    if (ring) drain_ring(ring.get());
  }
}

std::size_t HandOffMesh::memory_for(std::uint32_t workers) {
  constexpr std::size_t kEach = kRingSize * sizeof(void*) + 1024;
  return std::size_t{workers} * (workers - 1) * kEach;
}

std::size_t HandOffMesh::give(std::uint32_t from, std::uint32_t to,
                              std::span<rte_mbuf* const> packets) {
  return rte_ring_sp_enqueue_burst(ring(from, to), reinterpret_cast<void* const*>(packets.data()),
                                   static_cast<unsigned>(packets.size()), nullptr);
}

std::size_t HandOffMesh::room(std::uint32_t from, std::uint32_t to) const {
  return rte_ring_free_count(ring(from, to));
}

std::size_t HandOffMesh::take(std::uint32_t from, std::uint32_t to, std::span<rte_mbuf*> packets) {
  return rte_ring_sc_dequeue_burst(ring(from, to), reinterpret_cast<void**>(packets.data()),
                                   static_cast<unsigned>(packets.size()), nullptr);
}

}  // namespace sluice::port
