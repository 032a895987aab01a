#include "dataplane/tcp/time_wait.h"

namespace sluice::tcp {
namespace {

// How far a reused pair's sequence numbers start beyond the old ones: further than any window that
// was in use without scaling.
constexpr std::uint32_t kReuseDistance = 65537;

}  // namespace

std::uint32_t TimeWaitTable::milliseconds() const {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(core_.now().time_since_epoch())
          .count());
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
  const auto wait =
      std::chrono::duration_cast<std::chrono::milliseconds>(core_.config.time_wait).count();
  entry.until_milliseconds = milliseconds() + static_cast<std::uint32_t>(wait);
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

// RFC 9293 section 3.10.7.4 for TIME-WAIT; resets are ignored (RFC 1337).
std::optional<SequenceNumber> TimeWaitTable::receive(std::uint32_t index, const Segment& segment) {
  Entry& entry = entries_[index];
  const TimeWaitRecord& record = entry.record;
  if (segment.has(wire::kRst)) return {};
  if (segment.has(wire::kSyn) && !segment.has(wire::kAck)) {
    const bool later_timestamp =
        record.timestamps && segment.options.timestamps &&
        static_cast<std::int32_t>(segment.options.timestamps->value - record.recent_timestamp) > 0;
    if (later_timestamp || segment.sequence > record.receive_next) {
      const SequenceNumber least = record.send_next + kReuseDistance;
      core_.counters.time_wait_reused.add();
      forget(index);
      return least;
    }
  }
  if (segment.length() == 0) return {};
  acknowledge(entry);
  if (segment.has(wire::kFin)) {
    unlink(index);
    link_newest(index);
  }
  return {};
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
