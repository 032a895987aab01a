#include "dataplane/tcp/recovery/scoreboard.h"

#include <cstring>
#include <type_traits>

namespace sluice::tcp {
namespace {

// Ranges that SACK blocks may not use up, for what is sent and sent again.
constexpr std::uint32_t kSpare = 16;

}  // namespace

static_assert(std::is_trivially_copyable_v<SentRange>);

Scoreboard::~Scoreboard() {
  release_ranges();
}

void Scoreboard::release_ranges() {
  if (capacity_ == RangePools::kSome) {
    pools_.some.destroy(*reinterpret_cast<RangePools::Some*>(ranges_));
  } else if (capacity_ == RangePools::kMany) {
    pools_.many.destroy(*reinterpret_cast<RangePools::Many*>(ranges_));
  }
}

// The index of the range that holds a sequence number, size() when none does.
std::size_t Scoreboard::find(SequenceNumber sequence) const {
  std::size_t low = 0;
  std::size_t high = count_;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (at(middle).end <= sequence) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// Makes room for so many more ranges behind the last one. Indices change.
bool Scoreboard::reserve(std::uint32_t more, bool for_sack) {
  const std::uint32_t needed = more + (for_sack ? std::min(kSpare, capacity_ / 4) : 0);
  if (head_ + count_ + needed <= capacity_) return true;
  if (count_ + needed > capacity_ - capacity_ / 4 && !grow(for_sack) &&
      count_ + needed > capacity_) {
    coalesce();
  }
  if (head_ > 0) {
    std::memmove(ranges_, ranges_ + head_, count_ * sizeof(SentRange));
    head_ = 0;
  }
  return count_ + needed <= capacity_;
}

// New data alone does not need many ranges: older ones are joined, at the price of less exact
// times.
bool Scoreboard::grow(bool far) {
  if (capacity_ == kFew) {
    RangePools::Some* some = pools_.some.make();
    if (some != nullptr) move_to(some->data(), RangePools::kSome);
    return some != nullptr;
  }
  if (capacity_ == RangePools::kMany || !far) return false;
  RangePools::Many* many = pools_.many.make();
  if (many != nullptr) move_to(many->data(), RangePools::kMany);
  return many != nullptr;
}

void Scoreboard::move_to(SentRange* ranges, std::uint32_t capacity) {
  std::copy_n(ranges_ + head_, count_, ranges);
  release_ranges();
  ranges_ = ranges;
  capacity_ = capacity;
  head_ = 0;
}

// Joins ranges in pairs.
void Scoreboard::coalesce() {
  std::uint32_t kept = 0;
  for (std::uint32_t index = 0; index < count_; ++kept) {
    SentRange joined = at(index++);
    if (index < count_ && at(index).same_marks(joined)) joined.extend_by(at(index++));
    range(kept) = joined;
  }
  count_ = kept;
}

// There must be room for a range.
void Scoreboard::split(std::size_t index, SequenceNumber where) {
  SentRange* first = &range(index);
  std::memmove(first + 1, first, (count_ - index) * sizeof(SentRange));
  first->end = where;
  ++count_;
}

void Scoreboard::remove(std::size_t first, std::size_t count) {
  std::memmove(&range(first), &range(first) + count, (count_ - first - count) * sizeof(SentRange));
  count_ -= static_cast<std::uint32_t>(count);
}

// When a range was sent matters no longer for what is delivered, nor for what is to be sent again.
bool Scoreboard::join_with_next(std::size_t index) {
  if (index + 1 >= count_) return false;
  SentRange& first = range(index);
  const SentRange& next = at(index + 1);
  if (!first.same_marks(next)) return false;
  const bool same_time = first.first_sent == next.first_sent && first.last_sent == next.last_sent;
  if (!same_time && !first.sacked && !first.lost) return false;
  first.extend_by(next);
  remove(index + 1, 1);
  return true;
}

void Scoreboard::sent(SequenceNumber end, Instant now) {
  const SentTime time = SentTime::of(now);
  if (count_ > 0) {
    SentRange& last = range(count_ - 1);
    const bool plain = !last.sacked && !last.lost && !last.resent;
    if (plain && last.first_sent == time && last.last_sent == time) {
      last.end = end;
      return;
    }
  }
  if (reserve(1, false)) {
    ranges_[head_ + count_++] = {.end = end, .first_sent = time, .last_sent = time};
    return;
  }
  // Full of distinctions: the newest one goes.
  SentRange& last = range(count_ - 1);
  if (last.sacked) sacked_ -= size_of(count_ - 1);
  last.sacked = false;
  if (last.lost) lost_ += end - last.end;
  last.end = end;
  last.last_sent = time;
}

void Scoreboard::resent(SequenceNumber begin, SequenceNumber end, Instant now) {
  const bool room = reserve(2, false);
  std::size_t index = find(begin);
  if (room && begin_of(index) < begin) split(index++, begin);
  if (room && end < at(index).end) split(index, end);
  SentRange& part = range(index);
  if (part.lost) lost_ -= size_of(index);
  if (part.sacked) sacked_ -= size_of(index);
  part.sacked = part.lost = false;
  part.resent = true;
  part.first_sent = part.last_sent = SentTime::of(now);
  if (begin <= lost_from_) lost_from_ = later_of(lost_from_, at(index).end);
  if (index > 0) join_with_next(index - 1);
}

void Scoreboard::mark_sacked(std::size_t index) {
  SentRange& part = range(index);
  sacked_ += size_of(index);
  if (part.lost) lost_ -= size_of(index);
  part.sacked = true;
  part.lost = false;
  // Delivered is delivered; how often it was sent keeps no ranges apart.
  part.resent = false;
}

void Scoreboard::mark_lost(std::size_t index) {
  SentRange& part = range(index);
  if (part.lost || part.sacked) return;
  part.lost = true;
  lost_ += size_of(index);
  lost_from_ = lost_ == size_of(index) ? begin_of(index) : earlier_of(lost_from_, begin_of(index));
}

void Scoreboard::mark_front_lost(std::uint32_t size) {
  if (count_ == 0) return;
  if (size < size_of(0) && reserve(1, false)) split(0, begin_ + size);
  mark_lost(0);
}

void Scoreboard::mark_all_lost() {
  for (std::size_t index = 0; index < count_; ++index) mark_lost(index);
}

void Scoreboard::mark_lost_from(SequenceNumber begin) {
  if (!reserve(1, false)) return mark_all_lost();
  std::size_t index = find(begin);
  if (index < count_ && begin_of(index) < begin) split(index++, begin);
  for (; index < count_; ++index) mark_lost(index);
}

void Scoreboard::unmark_lost() {
  for (std::size_t index = 0; index < count_; ++index) range(index).lost = false;
  lost_ = 0;
}

void Scoreboard::forget_sacked() {
  for (std::size_t index = 0; index < count_; ++index) range(index).sacked = false;
  sacked_ = 0;
}

std::optional<Scoreboard::Part> Scoreboard::first_lost() const {
  if (lost_ == 0) return {};
  for (std::size_t index = find(lost_from_); index < count_; ++index) {
    if (at(index).lost) return part(index);
  }
  return {};
}

}  // namespace sluice::tcp
