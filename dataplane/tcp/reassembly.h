#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "dataplane/base/object_pool.h"
#include "dataplane/buffer/byte_chain.h"
#include "dataplane/tcp/sequence.h"
#include "dataplane/wire/tcp.h"

namespace sluice::tcp {

/// A stretch of bytes that arrived before what precedes it. Linked by its pool's indices, in
/// sequence order and in the order of arrival.
struct HeldRun {
  static constexpr std::uint32_t kNone = 0xffffffff;

  SequenceNumber begin;
  std::uint32_t next = kNone;
  std::uint32_t previous = kNone;
  std::uint32_t newer = kNone;
  std::uint32_t older = kNone;
  ByteChain bytes;

  [[nodiscard]] SequenceNumber end() const {
    return begin + static_cast<std::uint32_t>(bytes.size());
  }
};

using HeldRunPool = ObjectPool<HeldRun>;

/// Payload that arrived before what precedes it: runs in sequence order that neither overlap nor
/// touch, at most kMostRuns of them, all within the receive window (the caller trims to it). Its
/// memory is the worker's pool of runs; it holds none while nothing is out of order.
class Reassembly {
 public:
  /// Bounds the work and the buffers that a sender of scattered segments can cause.
  static constexpr std::uint16_t kMostRuns = 256;

  struct Inserted {
    bool kept = false;  ///< false: refused, since there are too many runs
    /// What was held already, the first stretch of it; begin == end when nothing was.
    wire::SackBlock duplicate{};
  };

  [[nodiscard]] bool empty() const { return runs_ == 0; }
  [[nodiscard]] std::size_t runs() const { return runs_; }
  /// Bytes held.
  [[nodiscard]] std::size_t size() const { return size_; }

  /// Keeps bytes that start at `begin`; bytes that are here already are dropped. `pool` is the same
  /// in all calls.
  Inserted insert(SequenceNumber begin, ByteChain bytes, HeldRunPool& pool);

  /// What of the first run lies before `next`; begin == end when nothing does.
  [[nodiscard]] wire::SackBlock held_before(SequenceNumber next, const HeldRunPool& pool) const;

  /// Moves what continues at `next` to the end of `out`; returns the number of bytes moved.
  std::size_t take(SequenceNumber next, ByteChain& out, HeldRunPool& pool);

  /// Appends a block for each run, the one that grew last first, until `blocks` has `most`
  /// (RFC 2018 section 4). A `fin` that is held, too, belongs to the run before it or is a block.
  void report(wire::SackBlocks& blocks, std::size_t most, std::optional<SequenceNumber> fin,
              const HeldRunPool& pool) const;

  void clear(HeldRunPool& pool);

 private:
  static constexpr std::uint32_t kNone = HeldRun::kNone;

  [[nodiscard]] std::uint32_t last_not_after(SequenceNumber begin, const HeldRunPool& pool) const;
  void drop_covered(std::uint32_t at, SequenceNumber end, Inserted& result, HeldRunPool& pool);
  std::uint32_t add(std::uint32_t behind, SequenceNumber begin, ByteChain bytes, HeldRunPool& pool);
  void join_next(std::uint32_t at, HeldRunPool& pool);
  void remove(std::uint32_t at, HeldRunPool& pool);
  void link_newest(std::uint32_t at, HeldRunPool& pool);
  void unlink_age(std::uint32_t at, HeldRunPool& pool);

  std::uint32_t first_ = kNone;
  std::uint32_t last_ = kNone;
  std::uint32_t newest_ = kNone;
  std::uint32_t size_ = 0;
  std::uint16_t runs_ = 0;
};

}  // namespace sluice::tcp
