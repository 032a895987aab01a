#pragma once

#include <array>
#include <atomic>
#include <cstddef>

namespace sluice {

/// A table of Ts by index, made in chunks when they are first needed. An element stays where it is
/// until the table goes, so that threads may keep references and read without asking. Any thread
/// may make elements; who writes to one is between T and its users.
template <typename T, std::size_t kInChunk = 64, std::size_t kMost = std::size_t{1} << 18>
class ChunkedTable {
 public:
  static constexpr std::size_t kCapacity = kMost;

  ChunkedTable() = default;
  ~ChunkedTable() {
    for (auto& chunk : chunks_) delete chunk.load(std::memory_order_relaxed);
  }
  ChunkedTable(const ChunkedTable&) = delete;
  ChunkedTable& operator=(const ChunkedTable&) = delete;

  /// The element of an index, made if need be; indices from kCapacity on share one.
  T& operator[](std::size_t index) {
    if (index >= kCapacity) return overflow_;
    auto& place = chunks_[index / kInChunk];
    Chunk* chunk = place.load(std::memory_order_acquire);
    if (chunk == nullptr) chunk = make(place);
    return (*chunk)[index % kInChunk];
  }

  /// nullptr while there is none.
  [[nodiscard]] const T* find(std::size_t index) const {
    if (index >= kCapacity) return nullptr;
    const Chunk* chunk = chunks_[index / kInChunk].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : &(*chunk)[index % kInChunk];
  }

 private:
  using Chunk = std::array<T, kInChunk>;

  // Of two threads that make the same chunk, one keeps its own.
  static Chunk* make(std::atomic<Chunk*>& place) {
    auto* made = new Chunk{};
    Chunk* present = nullptr;
    if (place.compare_exchange_strong(present, made, std::memory_order_acq_rel)) return made;
    delete made;
    return present;
  }

  std::array<std::atomic<Chunk*>, (kMost + kInChunk - 1) / kInChunk> chunks_{};
  T overflow_{};
};

}  // namespace sluice
