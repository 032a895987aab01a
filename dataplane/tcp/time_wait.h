#pragma once

#include <cstdint>

#include "dataplane/base/object_pool.h"
#include "dataplane/base/time.h"
#include "dataplane/tcp/core.h"
#include "dataplane/tcp/segment.h"
#include "dataplane/tcp/sequence.h"
#include "dataplane/wire/flow.h"

namespace sluice::tcp {

/// What is remembered of a connection in TIME-WAIT (RFC 9293 section 3.6.1).
struct TimeWaitRecord {
  wire::FlowKey flow;
  SequenceNumber send_next;
  SequenceNumber receive_next;
  std::uint32_t recent_timestamp = 0;
  bool timestamps = false;
  bool challenged_syn = false;  ///< a SYN that may not reopen the pair was answered
};

/// The connections of one worker in TIME-WAIT, in the order in which they will be forgotten.
class TimeWaitTable {
 public:
  TimeWaitTable(Core& core, std::uint32_t capacity) : core_(core), entries_(capacity) {}

  /// Makes a record in the place of `owner`, the flow's entry in the flow table. The oldest record
  /// is given up when all are in use.
  void take_over(std::uint64_t hash, FlowRef owner, const TimeWaitRecord& record);

  [[nodiscard]] const wire::FlowKey& flow_of(std::uint32_t index) const {
    return entries_[index].record.flow;
  }
  [[nodiscard]] std::uint32_t size() const { return entries_.size(); }

  /// Whether a SYN of the peer's may open a recorded pair anew (RFC 6191 section 2).
  [[nodiscard]] bool may_reopen(std::uint32_t index, const Segment& syn) const;
  /// Whether we may open the pair anew: a second after its end if both sides had timestamps, which
  /// then tell old segments from new ones.
  [[nodiscard]] bool may_reconnect(std::uint32_t index) const;
  /// The least initial sequence number for a new connection of the pair.
  [[nodiscard]] SequenceNumber least_sequence(std::uint32_t index) const;

  /// Answers a segment of a recorded flow that does not open it anew. The record may be gone then.
  void receive(std::uint32_t index, const Segment& segment);

  void forget(std::uint32_t index);

  /// Forgets what has waited long enough, at most `budget` records.
  std::size_t expire(std::size_t budget);

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Entry {
    TimeWaitRecord record;
    std::uint32_t until_milliseconds;
    std::uint32_t older;
    std::uint32_t newer;
  };
  static_assert(sizeof(Entry) == 64);

  void link_newest(std::uint32_t index);
  void unlink(std::uint32_t index);
  void acknowledge(const Entry& entry);
  bool challenge(const Entry& entry);
  [[nodiscard]] std::uint32_t milliseconds() const;

  Core& core_;
  ObjectPool<Entry> entries_;
  std::uint32_t oldest_ = kNone;
  std::uint32_t newest_ = kNone;
};

}  // namespace sluice::tcp
