#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

namespace sluice::tcp {

/// What a flow-table entry points at.
enum class FlowKind : std::uint8_t { kNone, kConnection, kHalfOpen, kTimeWait };

/// A flow-table entry's value: which table, and which index in it. Indices are below 2^30.
class FlowRef {
 public:
  constexpr FlowRef() = default;
  constexpr FlowRef(FlowKind kind, std::uint32_t index)
      : bits_(static_cast<std::uint32_t>(kind) << 30 | index) {}

  [[nodiscard]] constexpr FlowKind kind() const { return static_cast<FlowKind>(bits_ >> 30); }
  [[nodiscard]] constexpr std::uint32_t index() const { return bits_ & 0x3fffffff; }
  friend constexpr bool operator==(FlowRef, FlowRef) = default;

 private:
  std::uint32_t bits_ = 0;
};

/// A hash table from flow hashes to flow references. A bucket is one cache line with seven entries;
/// an entry that finds its bucket full goes to a following one and is counted in those it passed,
/// so that a lookup goes on only where something lies further on, and removal leaves no tombstone.
/// The keys live with the connections: the caller compares them.
class FlowTable {
 public:
  /// For up to `entries` entries; twice as many slots are made. Insertion beyond fails.
  explicit FlowTable(std::uint32_t entries);

  [[nodiscard]] std::uint32_t size() const { return size_; }
  /// Memory of the whole table.
  [[nodiscard]] std::size_t bytes() const { return buckets_.size() * sizeof(Bucket); }

  /// Brings the hash's bucket into the cache.
  void prefetch(std::uint64_t hash) const { __builtin_prefetch(&buckets_[home(hash)]); }

  /// The entry with this hash for which `matches(FlowRef)` is true, or one of kind kNone.
  template <typename Matches>
  [[nodiscard]] FlowRef find(std::uint64_t hash, Matches&& matches) const {
    const std::uint32_t tag = tag_of(hash);
    for (std::size_t at = home(hash);; at = (at + 1) & mask_) {
      const Bucket& bucket = buckets_[at];
      for (std::size_t slot = 0; slot < kSlots; ++slot) {
        const FlowRef ref = bucket.refs[slot];
        if (bucket.tags[slot] == tag && ref.kind() != FlowKind::kNone && matches(ref)) return ref;
      }
      if (bucket.passed == 0) return {};
    }
  }

  /// Adds an entry; false when the table is full. The caller has made sure that its key is new.
  bool insert(std::uint64_t hash, FlowRef ref);
  /// Makes an entry point elsewhere. It must exist.
  void replace(std::uint64_t hash, FlowRef from, FlowRef to);
  /// Removes an entry. It must exist.
  void remove(std::uint64_t hash, FlowRef ref);

 private:
  static constexpr std::size_t kSlots = 7;
  struct alignas(64) Bucket {
    std::array<std::uint32_t, kSlots> tags{};
    std::array<FlowRef, kSlots> refs{};
    std::uint32_t passed = 0;  // entries that wanted a place here or before, and lie further on
  };
  static_assert(sizeof(Bucket) == 64);

  // The steering between workers uses the upper half of the hash.
  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash); }
  [[nodiscard]] std::size_t home(std::uint64_t hash) const { return (hash >> 4) & mask_; }
  FlowRef* slot_of(std::uint64_t hash, FlowRef ref);

  std::uint32_t limit_;
  std::uint32_t size_ = 0;
  std::size_t mask_;
  std::vector<Bucket> buckets_;
};

}  // namespace sluice::tcp
