#include "dataplane/tcp/time_wait.h"

namespace sluice::tcp {
namespace {

// How far a reused pair's sequence numbers start beyond the old ones: further than any window that
// was in use without scaling.
constexpr std::uint32_t kReuseDistance = 65537;

std::uint32_t to_milliseconds(Duration time) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

}  // namespace

std::uint32_t TimeWaitTable::milliseconds() const {
  return to_milliseconds(core_.now().time_since_epoch());
}

void TimeWaitTable::take_over(std::uint64_t hash, FlowRef owner, const TimeWaitRecord& record) {
  if (entries_.capacity() == 0) {
    core_.flows.remove(hash, owner);
    core_.counters.time_wait_recycled.add();
    return;
  }
  if (entries_.size() == entries_.capacity()) {
    core_.counters.time_wait_recycled.add();
    forget(oldest_);
  }
  Entry* entry = entries_.make(Entry{record, 0, kNone, kNone});
  const std::uint32_t index = entries_.index_of(*entry);
  core_.flows.replace(hash, owner, FlowRef(FlowKind::kTimeWait, index));
  link_newest(index);
}

void TimeWaitTable::link_newest(std::uint32_t index) {
  Entry& entry = entries_[index];
  entry.until_milliseconds = milliseconds() + to_milliseconds(core_.config.time_wait);
  entry.older = newest_;
  entry.newer = kNone;
  if (newest_ == kNone) {
    oldest_ = index;
  } else {
    entries_[newest_].newer = index;
  }
  newest_ = index;
}

void TimeWaitTable::unlink(std::uint32_t index) {
  const Entry& entry = entries_[index];
  if (entry.older == kNone) {
    oldest_ = entry.newer;
  } else {
    entries_[entry.older].newer = entry.newer;
  }
  if (entry.newer == kNone) {
    newest_ = entry.older;
  } else {
    entries_[entry.newer].older = entry.older;
  }
}

void TimeWaitTable::forget(std::uint32_t index) {
  Entry& entry = entries_[index];
  core_.flows.remove(wire::flow_hash(core_.flow_key, entry.record.flow),
                     FlowRef(FlowKind::kTimeWait, index));
  unlink(index);
  entries_.destroy(entry);
}

bool TimeWaitTable::may_reopen(std::uint32_t index, const Segment& syn) const {
  const TimeWaitRecord& record = entries_[index].record;
  const bool later_sequence = syn.sequence > record.receive_next;
  if (!syn.options.timestamps) return later_sequence;
  if (!record.timestamps) return true;
  const auto later_by =
      static_cast<std::int32_t>(syn.options.timestamps->value - record.recent_timestamp);
  return later_by > 0 || (later_by == 0 && later_sequence);
}

bool TimeWaitTable::may_reconnect(std::uint32_t index) const {
  const Entry& entry = entries_[index];
  const std::uint32_t age =
      milliseconds() - entry.until_milliseconds + to_milliseconds(core_.config.time_wait);
  return entry.record.timestamps && age >= to_milliseconds(core_.config.reconnect_after);
}

SequenceNumber TimeWaitTable::least_sequence(std::uint32_t index) const {
  return entries_[index].record.send_next + kReuseDistance;
}

// RFC 9293 section 3.10.7.4 for TIME-WAIT. What is left on the way does not end it (RFC 1337). A
// SYN that may not reopen the pair (RFC 6191) is challenged (RFC 5961 section 4.2): a peer that has
// really begun anew answers that with an exact reset, which ends the wait for its next SYN. The
// peer's own FIN comes again when our ACK was lost.
void TimeWaitTable::receive(std::uint32_t index, const Segment& segment) {
  Entry& entry = entries_[index];
  TimeWaitRecord& record = entry.record;
  if (segment.has(wire::kRst)) {
    if (record.challenged_syn && segment.sequence == record.receive_next) forget(index);
  } else if (segment.has(wire::kSyn)) {
    if (!segment.has(wire::kAck) && challenge(entry)) record.challenged_syn = true;
  } else if (segment.has(wire::kFin) && segment.end() == record.receive_next) {
    acknowledge(entry);
    unlink(index);
    link_newest(index);
  } else if (segment.length() > 0) {
    challenge(entry);
  }
}

bool TimeWaitTable::challenge(const Entry& entry) {
  if (!core_.challenges.take()) {
    core_.counters.challenge_acks_suppressed.add();
    return false;
  }
  core_.counters.challenge_acks.add();
  acknowledge(entry);
  return true;
}

void TimeWaitTable::acknowledge(const Entry& entry) {
  const TimeWaitRecord& record = entry.record;
  wire::TcpOptions options;
  if (record.timestamps) {
    options.timestamps = {
        {core_.timestamp_now() + core_.timestamp_offset(record.flow), record.recent_timestamp}};
  }
  ip::NextHop next_hop;
  core_.writer.send_bare({.flow = record.flow,
                          .sequence = record.send_next,
                          .acknowledgment = record.receive_next,
                          .flags = wire::kAck,
                          .options = options},
                         port::Offloads(), next_hop);
}

std::size_t TimeWaitTable::expire(std::size_t budget) {
  std::size_t expired = 0;
  const std::uint32_t now = milliseconds();
  while (expired < budget && oldest_ != kNone &&
         static_cast<std::int32_t>(now - entries_[oldest_].until_milliseconds) >= 0) {
    forget(oldest_);
    ++expired;
  }
  return expired;
}

}  // namespace sluice::tcp
