#include "dataplane/tcp/reassembly.h"

#include <utility>

namespace sluice::tcp {
namespace {

void note_duplicate(Reassembly::Inserted& result, SequenceNumber begin, SequenceNumber end) {
  if (result.duplicate.begin == result.duplicate.end) {
    result.duplicate = {begin.value(), end.value()};
  }
}

}  // namespace

Reassembly::Inserted Reassembly::insert(SequenceNumber begin, ByteChain bytes, HeldRunPool& pool) {
  Inserted result;
  std::uint32_t at = last_not_after(begin, pool);
  if (at != kNone && begin < pool[at].end()) {
    const SequenceNumber end = begin + static_cast<std::uint32_t>(bytes.size());
    const SequenceNumber held_to = earlier_of(end, pool[at].end());
    note_duplicate(result, begin, held_to);
    bytes.drop_front(held_to - begin);
    begin = held_to;
  }
  if (!bytes.empty()) {
    const std::uint32_t next = at == kNone ? first_ : pool[at].next;
    const SequenceNumber end = begin + static_cast<std::uint32_t>(bytes.size());
    drop_covered(next, end, result, pool);
    const std::uint32_t behind = at == kNone ? first_ : pool[at].next;
    if (behind != kNone && pool[behind].begin < end) {
      note_duplicate(result, pool[behind].begin, end);
      bytes.truncate(pool[behind].begin - begin);
    }
    at = add(at, begin, std::move(bytes), pool);
    if (at == kNone) return result;
    join_next(at, pool);
  }
  unlink_age(at, pool);
  link_newest(at, pool);
  result.kept = true;
  return result;
}

// Segments mostly arrive behind all others: looks from the end.
std::uint32_t Reassembly::last_not_after(SequenceNumber begin, const HeldRunPool& pool) const {
  std::uint32_t at = last_;
  while (at != kNone && begin < pool[at].begin) at = pool[at].previous;
  return at;
}

// Removes the runs from `at` on that end at or before `end`.
void Reassembly::drop_covered(std::uint32_t at, SequenceNumber end, Inserted& result,
                              HeldRunPool& pool) {
  while (at != kNone && pool[at].end() <= end) {
    note_duplicate(result, pool[at].begin, pool[at].end());
    const std::uint32_t next = pool[at].next;
    remove(at, pool);
    at = next;
  }
}

// Bytes behind the run `behind` (kNone: before all). Returns the run that has them now.
std::uint32_t Reassembly::add(std::uint32_t behind, SequenceNumber begin, ByteChain bytes,
                              HeldRunPool& pool) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  if (behind != kNone && pool[behind].end() == begin) {
    pool[behind].bytes.append(std::move(bytes));
    size_ += size;
    return behind;
  }
  HeldRun* run = runs_ < kMostRuns ? pool.make() : nullptr;
  if (run == nullptr) return kNone;
  const std::uint32_t index = pool.index_of(*run);
  run->begin = begin;
  run->bytes = std::move(bytes);
  run->previous = behind;
  run->next = behind == kNone ? first_ : pool[behind].next;
  (behind == kNone ? first_ : pool[behind].next) = index;
  (run->next == kNone ? last_ : pool[run->next].previous) = index;
  link_newest(index, pool);
  size_ += size;
  ++runs_;
  return index;
}

void Reassembly::join_next(std::uint32_t at, HeldRunPool& pool) {
  const std::uint32_t next = pool[at].next;
  if (next == kNone || pool[next].begin != pool[at].end()) return;
  pool[at].bytes.append(std::move(pool[next].bytes));
  remove(next, pool);
}

void Reassembly::remove(std::uint32_t at, HeldRunPool& pool) {
  HeldRun& run = pool[at];
  // Bytes that were moved away are counted where they are now.
  size_ -= static_cast<std::uint32_t>(run.bytes.size());
  (run.previous == kNone ? first_ : pool[run.previous].next) = run.next;
  (run.next == kNone ? last_ : pool[run.next].previous) = run.previous;
  unlink_age(at, pool);
  pool.destroy(run);
  --runs_;
}

void Reassembly::link_newest(std::uint32_t at, HeldRunPool& pool) {
  pool[at].newer = kNone;
  pool[at].older = newest_;
  if (newest_ != kNone) pool[newest_].newer = at;
  newest_ = at;
}

void Reassembly::unlink_age(std::uint32_t at, HeldRunPool& pool) {
  const HeldRun& run = pool[at];
  (run.newer == kNone ? newest_ : pool[run.newer].older) = run.older;
  if (run.older != kNone) pool[run.older].newer = run.newer;
}

wire::SackBlock Reassembly::held_before(SequenceNumber next, const HeldRunPool& pool) const {
  if (first_ == kNone || pool[first_].begin >= next) return {};
  return {pool[first_].begin.value(), earlier_of(pool[first_].end(), next).value()};
}

std::size_t Reassembly::take(SequenceNumber next, ByteChain& out, HeldRunPool& pool) {
  std::size_t taken = 0;
  while (first_ != kNone && pool[first_].begin <= next) {
    const SequenceNumber begin = pool[first_].begin;
    ByteChain bytes = std::move(pool[first_].bytes);
    size_ -= static_cast<std::uint32_t>(bytes.size());
    remove(first_, pool);
    if (begin + static_cast<std::uint32_t>(bytes.size()) <= next) continue;
    bytes.drop_front(next - begin);
    taken += bytes.size();
    next += static_cast<std::uint32_t>(bytes.size());
    out.append(std::move(bytes));
  }
  return taken;
}

void Reassembly::report(wire::SackBlocks& blocks, std::size_t most,
                        std::optional<SequenceNumber> fin, const HeldRunPool& pool) const {
  for (std::uint32_t at = newest_; at != kNone && blocks.size() < most; at = pool[at].older) {
    SequenceNumber end = pool[at].end();
    if (fin && end == *fin) {
      end += 1;
      fin.reset();
    }
    blocks.add({pool[at].begin.value(), end.value()});
  }
  if (fin && blocks.size() < most) blocks.add({fin->value(), fin->value() + 1});
}

void Reassembly::clear(HeldRunPool& pool) {
  while (first_ != kNone) remove(first_, pool);
}

}  // namespace sluice::tcp
