#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "dataplane/base/object_pool.h"
#include "dataplane/tcp/recovery/sent_time.h"
#include "dataplane/tcp/sequence.h"

namespace sluice::tcp {

/// A stretch of sent sequence space in which everything has the same fate. It begins where the one
/// before it ends. Stretches that were joined may have been sent at different times; both ends of
/// the span are kept, so that whoever judges by time can be on the safe side.
struct SentRange {
  SequenceNumber end;
  SentTime first_sent;
  SentTime last_sent;
  bool sacked = false;  ///< the peer has it, but did not acknowledge it cumulatively
  bool lost = false;    ///< taken for lost and not sent again since
  bool resent = false;  ///< sent more than once

  [[nodiscard]] bool same_marks(const SentRange& other) const {
    return sacked == other.sacked && lost == other.lost && resent == other.resent;
  }
  void extend_by(const SentRange& next) {
    end = next.end;
    first_sent = earlier_of(first_sent, next.first_sent);
    last_sent = later_of(last_sent, next.last_sent);
  }
};

/// Memory for scoreboards that outgrow what they bring along, shared by a worker's connections.
class RangePools {
 public:
  static constexpr std::uint32_t kSome = 64;
  static constexpr std::uint32_t kMany = 1024;
  using Some = std::array<SentRange, kSome>;
  using Many = std::array<SentRange, kMany>;

  /// For a worker with so many connections. A few of them may have long flights with many holes.
  explicit RangePools(std::uint32_t connections)
      : some(std::max(connections, 16U)), many(std::max(connections / 16, 16U)) {}

  ObjectPool<Some> some;
  ObjectPool<Many> many;
};

/// What was sent and is not acknowledged cumulatively: when, and what became of it (RFC 6675
/// section 3). The number of ranges is bounded; when there is no room for a finer distinction, what
/// is told by SACK blocks is forgotten rather than anything taken for delivered that is not.
class Scoreboard {
 public:
  /// A range with its beginning.
  struct Part {
    SequenceNumber begin;
    SequenceNumber end;
    SentRange range;
    [[nodiscard]] std::uint32_t size() const { return end - begin; }
  };

  /// Nothing is sent yet; `begin` is the first sequence number that will be.
  Scoreboard(SequenceNumber begin, RangePools& pools)
      : begin_(begin), lost_from_(begin), pools_(pools), ranges_(few_.data()) {}
  ~Scoreboard();
  Scoreboard(const Scoreboard&) = delete;
  Scoreboard& operator=(const Scoreboard&) = delete;

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] SequenceNumber begin() const { return begin_; }
  [[nodiscard]] SequenceNumber end() const { return count_ == 0 ? begin_ : at(count_ - 1).end; }
  [[nodiscard]] std::uint32_t outstanding() const { return end() - begin_; }
  [[nodiscard]] std::uint32_t sacked() const { return sacked_; }
  [[nodiscard]] std::uint32_t lost() const { return lost_; }
  /// What is probably still in the network (RFC 6675's pipe), in sequence space.
  [[nodiscard]] std::uint32_t pipe() const { return outstanding() - sacked_ - lost_; }

  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] const SentRange& at(std::size_t index) const { return ranges_[head_ + index]; }
  [[nodiscard]] SequenceNumber begin_of(std::size_t index) const {
    return index == 0 ? begin_ : at(index - 1).end;
  }
  [[nodiscard]] Part part(std::size_t index) const {
    return {begin_of(index), at(index).end, at(index)};
  }

  /// Where the range that holds `sequence`, which is outstanding, ends.
  [[nodiscard]] SequenceNumber end_of_range(SequenceNumber sequence) const {
    return at(find(sequence)).end;
  }

  /// New data up to `end` was sent.
  void sent(SequenceNumber end, Instant now);
  /// [begin, end), which lies within one range, was sent again.
  void resent(SequenceNumber begin, SequenceNumber end, Instant now);

  /// Everything before `to` (within what was sent) is acknowledged. Calls `visit(const Part&)` for
  /// each part of it that is forgotten.
  template <typename Visitor>
  void acknowledge(SequenceNumber to, Visitor&& visit);

  /// The peer tells that it has [begin, end), which must lie within what is outstanding. Calls
  /// `visit(const Part&)` for each part that was not known to be there, as it was before.
  template <typename Visitor>
  void sack(SequenceNumber begin, SequenceNumber end, Visitor&& visit);

  /// Takes a range for lost, or takes that back.
  void mark_lost(std::size_t index);
  /// The same for the first `size` bytes.
  void mark_front_lost(std::uint32_t size);
  void mark_all_lost();
  /// The same for all from `begin` on.
  void mark_lost_from(SequenceNumber begin);
  void unmark_lost();
  /// The peer no longer has what it told by SACK blocks (RFC 2018 section 8).
  void forget_sacked();

  /// The earliest part that is lost and not sent again.
  [[nodiscard]] std::optional<Part> first_lost() const;

 private:
  static constexpr std::uint32_t kFew = 4;

  [[nodiscard]] SentRange& range(std::size_t index) { return ranges_[head_ + index]; }
  [[nodiscard]] std::size_t find(SequenceNumber sequence) const;
  [[nodiscard]] std::uint32_t size_of(std::size_t index) const {
    return at(index).end - begin_of(index);
  }
  bool reserve(std::uint32_t more, bool for_sack);
  bool grow(bool far);
  void move_to(SentRange* ranges, std::uint32_t capacity);
  void release_ranges();
  void coalesce();
  void split(std::size_t index, SequenceNumber where);
  void remove(std::size_t first, std::size_t count);
  bool join_with_next(std::size_t index);
  void mark_sacked(std::size_t index);

  SequenceNumber begin_;
  SequenceNumber lost_from_;  // nothing before it is marked lost
  std::uint32_t sacked_ = 0;
  std::uint32_t lost_ = 0;
  std::uint32_t head_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t capacity_ = kFew;
  RangePools& pools_;
  std::array<SentRange, kFew> few_;
  SentRange* ranges_;
};

template <typename Visitor>
void Scoreboard::acknowledge(SequenceNumber to, Visitor&& visit) {
  while (count_ > 0 && begin_ < to) {
    const SentRange& first = at(0);
    const Part part{begin_, earlier_of(first.end, to), first};
    visit(part);
    if (first.sacked) sacked_ -= part.size();
    if (first.lost) lost_ -= part.size();
    begin_ = part.end;
    if (first.end > to) break;
    ++head_;
    --count_;
  }
  begin_ = later_of(begin_, to);
  lost_from_ = later_of(lost_from_, begin_);
  if (count_ == 0) head_ = 0;
}

template <typename Visitor>
void Scoreboard::sack(SequenceNumber begin, SequenceNumber end, Visitor&& visit) {
  if (!reserve(2, true)) return;
  std::size_t index = find(begin);
  if (!at(index).sacked && begin_of(index) < begin) split(index++, begin);
  while (index < count_ && begin_of(index) < end) {
    if (!at(index).sacked) {
      if (at(index).end > end) split(index, end);
      visit(part(index));
      mark_sacked(index);
    }
    // Joined with what is told to be there already, so that ranges do not add up.
    const bool joined = index > 0 && join_with_next(index - 1);
    if (!joined) ++index;
  }
  if (index > 0 && index < count_) join_with_next(index - 1);
}

}  // namespace sluice::tcp
