#include "dataplane/tcp/half_open.h"

#include <algorithm>

namespace sluice::tcp {

HalfOpen::HalfOpen(HalfOpenTable& table, const Segment& syn, std::uint64_t hash,
                   const ip::Path& path, SequenceNumber initial_send)
    : table_(table),
      flow_(syn.flow),
      hash_(hash),
      path_(path),
      negotiated_(Negotiated::from(syn.options, syn.flow.remote)),
      initial_send_(initial_send),
      initial_receive_(syn.sequence) {}

void HalfOpen::on_timer(Instant /*now*/) {
  table_.on_timeout(*this);
}

void HalfOpenTable::open(const Segment& syn, std::uint64_t hash, SequenceNumber initial_send) {
  if (core_.pool.pressure() != MemoryPressure::kNone) {
    core_.counters.syns_dropped_memory.add();
    return;
  }
  const auto path = core_.egress.path_to(syn.flow.remote);
  if (!path) return;
  HalfOpen* entry = entries_.make(*this, syn, hash, *path, initial_send);
  if (entry == nullptr ||
      !core_.flows.insert(hash, FlowRef(FlowKind::kHalfOpen, entries_.index_of(*entry)))) {
    core_.counters.syns_dropped_backlog.add();
    if (entry != nullptr) entries_.destroy(*entry);
    return;
  }
  entry->sent_once_at_ = core_.now();
  send_syn_ack(*entry);
  core_.wheel.arm_after(*entry, core_.config.rto_initial);
}

void HalfOpenTable::send_syn_ack(HalfOpen& entry) {
  const Negotiated& negotiated = entry.negotiated_;
  const std::uint16_t headers = entry.flow_.remote.is_v4() ? 40 : 60;
  wire::TcpOptions options;
  options.maximum_segment_size = static_cast<std::uint16_t>(entry.path_.mtu - headers);
  if (negotiated.window_scaling) {
    options.window_scale = window_scale_for(core_.config.receive_buffer);
  }
  if (negotiated.timestamps) {
    options.timestamps = {
        {core_.timestamp_now() + core_.timestamp_offset(entry.flow_), negotiated.recent_timestamp}};
  }
  core_.writer.send_bare(
      {.flow = entry.flow_,
       .sequence = entry.initial_send_,
       .acknowledgment = entry.initial_receive_ + 1,
       .flags = wire::kSyn | wire::kAck,
       .window = static_cast<std::uint16_t>(std::min<std::uint32_t>(core_.receive_limit, 0xffff)),
       .options = options},
      entry.path_.offloads, entry.next_hop_);
}

HalfOpenTable::Verdict HalfOpenTable::receive(HalfOpen& entry, const Segment& segment) {
  if (segment.has(wire::kRst)) {
    // RFC 5961 section 3.2: an exact one only.
    if (segment.sequence == entry.initial_receive_ + 1) {
      core_.counters.resets_received.add();
      remove(entry);
    }
    return Verdict::kHandled;
  }
  if (segment.has(wire::kSyn)) {
    if (segment.sequence == entry.initial_receive_ && !segment.has(wire::kAck)) {
      entry.sent_once_at_ = kNever;
      send_syn_ack(entry);
    } else {
      core_.counters.challenge_acks.add();
      acknowledge(entry);
    }
    return Verdict::kHandled;
  }
  if (!segment.has(wire::kAck)) return Verdict::kHandled;
  if (segment.acknowledgment != entry.initial_send_ + 1) {
    core_.writer.reset(segment);
    return Verdict::kHandled;
  }
  const SequenceNumber first = entry.initial_receive_ + 1;
  if (segment.sequence < first || segment.sequence > first + 0xffff) {
    acknowledge(entry);
    return Verdict::kHandled;
  }
  return Verdict::kComplete;
}

void HalfOpenTable::acknowledge(HalfOpen& entry) {
  wire::TcpOptions options;
  if (entry.negotiated_.timestamps) {
    options.timestamps = {{core_.timestamp_now() + core_.timestamp_offset(entry.flow_),
                           entry.negotiated_.recent_timestamp}};
  }
  core_.writer.send_bare(
      {.flow = entry.flow_,
       .sequence = entry.initial_send_ + 1,
       .acknowledgment = entry.initial_receive_ + 1,
       .flags = wire::kAck,
       .window = static_cast<std::uint16_t>(std::min<std::uint32_t>(core_.receive_limit, 0xffff)),
       .options = options},
      entry.path_.offloads, entry.next_hop_);
}

void HalfOpenTable::on_timeout(HalfOpen& entry) {
  if (entry.retries_ >= core_.config.syn_retries) {
    core_.counters.half_open_expired.add();
    remove(entry);
    return;
  }
  ++entry.retries_;
  entry.sent_once_at_ = kNever;
  core_.counters.retransmitted_segments.add();
  send_syn_ack(entry);
  core_.wheel.arm_after(entry, core_.config.rto_initial * (1 << std::min<int>(entry.retries_, 6)));
}

void HalfOpenTable::remove(HalfOpen& entry) {
  core_.flows.remove(entry.hash_, FlowRef(FlowKind::kHalfOpen, entries_.index_of(entry)));
  entries_.destroy(entry);
}

}  // namespace sluice::tcp
