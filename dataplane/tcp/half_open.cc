#include "dataplane/tcp/half_open.h"

#include <algorithm>

#include "dataplane/tcp/segment_size.h"

namespace sluice::tcp {

HalfOpen::HalfOpen(HalfOpenTable& table, const Segment& syn, std::uint64_t hash,
                   const ip::Path& path, SequenceNumber initial_send)
    : table_(table),
      handshake_{.flow = syn.flow,
                 .path = path,
                 .negotiated = Negotiated::from(syn, table.core_.config),
                 .initial_send = initial_send,
                 .initial_receive = syn.sequence},
      hash_(hash) {}

void HalfOpen::on_timer(Instant /*now*/) {
  table_.on_timeout(*this);
}

bool HalfOpenTable::open(const Segment& syn, std::uint64_t hash, SequenceNumber initial_send,
                         std::optional<SequenceNumber> least) {
  const MemoryPressure pressure = core_.pool.pressure();
  const bool cookies = core_.config.syn_cookies != SynCookieUse::kOff;
  if (pressure == MemoryPressure::kCritical || (pressure == MemoryPressure::kLow && !cookies)) {
    core_.counters.syns_dropped_memory.add();
    return false;
  }
  const auto path = core_.egress.path_to(syn.flow.remote);
  if (!path) return false;
  if (cookie_wanted()) return answer_with_cookie(syn, *path, least);
  HalfOpen* entry = entries_.make(*this, syn, hash, *path, initial_send);
  if (entry == nullptr ||
      !core_.flows.insert(hash, FlowRef(FlowKind::kHalfOpen, entries_.index_of(*entry)))) {
    core_.counters.syns_dropped_backlog.add();
    if (entry != nullptr) entries_.destroy(*entry);
    return false;
  }
  entry->sent_once_at_ = core_.now();
  send_syn_ack(*entry);
  core_.wheel.arm_after(*entry, core_.config.rto_initial);
  return true;
}

// Early enough that handshakes under way keep their entries, which remember more than a cookie.
bool HalfOpenTable::cookie_wanted() const {
  switch (core_.config.syn_cookies) {
    case SynCookieUse::kOff:
      return false;
    case SynCookieUse::kAlways:
      return true;
    case SynCookieUse::kUnderPressure:
      break;
  }
  return core_.pool.pressure() != MemoryPressure::kNone ||
         entries_.size() >= entries_.capacity() - entries_.capacity() / 4;
}

bool HalfOpenTable::answer_with_cookie(const Segment& syn, const ip::Path& path,
                                       std::optional<SequenceNumber> least) {
  const SynCookies::Cookie cookie = cookies_.make(syn, Negotiated::from(syn, core_.config));
  if (least && !cookie.negotiated.timestamps && cookie.initial_send < *least) {
    core_.counters.syns_dropped_backlog.add();
    return false;
  }
  core_.counters.syn_cookies_sent.add();
  ip::NextHop next_hop;
  send_syn_ack(
      {.flow = syn.flow,
       .path = path,
       .negotiated = cookie.negotiated,
       .initial_send = cookie.initial_send,
       .initial_receive = syn.sequence},
      SynCookies::mark(core_.timestamp_now() + core_.timestamp_offset(syn.flow), cookie.negotiated),
      next_hop);
  return true;
}

// The ACK may carry the first data and even the FIN.
std::optional<Handshake> HalfOpenTable::redeem(const Segment& segment) {
  if (!segment.has(wire::kAck) || segment.has(wire::kSyn) || segment.has(wire::kRst)) return {};
  if (!cookies_.outstanding()) return {};
  const auto negotiated = cookies_.open(segment);
  if (!negotiated) {
    core_.counters.syn_cookies_rejected.add();
    return {};
  }
  const auto path = core_.egress.path_to(segment.flow.remote);
  if (!path) return {};
  return Handshake{.flow = segment.flow,
                   .path = *path,
                   .negotiated = *negotiated,
                   .initial_send = segment.acknowledgment - 1U,
                   .initial_receive = segment.sequence - 1U};
}

void HalfOpenTable::send_syn_ack(HalfOpen& entry) {
  const Handshake& handshake = entry.handshake_;
  send_syn_ack(handshake, core_.timestamp_now() + core_.timestamp_offset(handshake.flow),
               entry.next_hop_);
}

// Each one says the same of ECN, when it is sent again, too: the peer may have got any of them.
void HalfOpenTable::send_syn_ack(const Handshake& handshake, std::uint32_t timestamp,
                                 ip::NextHop& next_hop) {
  const Negotiated& negotiated = handshake.negotiated;
  wire::TcpOptions options;
  options.maximum_segment_size = segment_size_within(handshake.path.mtu, handshake.flow.remote);
  if (negotiated.window_scaling) {
    options.window_scale = window_scale_for(core_.config.receive_buffer);
  }
  if (negotiated.timestamps) options.timestamps = {{timestamp, negotiated.recent_timestamp}};
  options.sack_permitted = negotiated.sack;
  core_.writer.send_bare(
      {.flow = handshake.flow,
       .sequence = handshake.initial_send,
       .acknowledgment = handshake.initial_receive + 1,
       .flags =
           static_cast<std::uint8_t>(wire::kSyn | wire::kAck | (negotiated.ecn ? wire::kEce : 0)),
       .window = static_cast<std::uint16_t>(std::min<std::uint32_t>(core_.receive_limit, 0xffff)),
       .options = options},
      handshake.path.offloads, next_hop);
}

HalfOpenTable::Verdict HalfOpenTable::receive(HalfOpen& entry, const Segment& segment) {
  const SequenceNumber first = entry.handshake_.initial_receive + 1;
  const bool in_window = segment.sequence >= first && segment.sequence <= first + 0xffff;
  if (segment.has(wire::kRst)) {
    if (in_window) {
      receive_reset(entry, segment);
    } else {
      core_.counters.resets_unexpected.add();
    }
    return Verdict::kHandled;
  }
  if (segment.has(wire::kSyn)) {
    receive_syn(entry, segment);
    return Verdict::kHandled;
  }
  const bool acknowledges = segment.acknowledgment == entry.handshake_.initial_send + 1;
  if (segment.has(wire::kAck) && !acknowledges) {
    // An earlier SYN may have got a cookie, on its way while a later one made this entry.
    if (const auto earlier = redeem(segment)) {
      core_.counters.syn_cookies_accepted.add();
      entry.handshake_ = *earlier;
      entry.sent_once_at_ = kNever;
      return Verdict::kComplete;
    }
  }
  if (!in_window) {
    challenge(entry);
    return Verdict::kHandled;
  }
  if (!segment.has(wire::kAck)) {
    core_.counters.acknowledgment_missing.add();
    return Verdict::kHandled;
  }
  if (acknowledges) return Verdict::kComplete;
  core_.writer.reset(segment);
  return Verdict::kHandled;
}

// RFC 5961 section 3.2: only an exact one ends the handshake.
void HalfOpenTable::receive_reset(HalfOpen& entry, const Segment& segment) {
  if (segment.sequence != entry.handshake_.initial_receive + 1) {
    challenge(entry);
    return;
  }
  core_.counters.resets_received.add();
  core_.counters.half_open_reset.add();
  remove(entry);
}

// The peer has not seen our SYN-ACK, or is not the one that began (RFC 5961 section 4.2).
void HalfOpenTable::receive_syn(HalfOpen& entry, const Segment& segment) {
  if (segment.sequence != entry.handshake_.initial_receive || segment.has(wire::kAck)) {
    challenge(entry);
    return;
  }
  // RFC 3168 section 6.1.1.1: the peer fell back, and does not use ECN any more.
  if (!asks_for_ecn(segment)) entry.handshake_.negotiated.ecn = false;
  entry.sent_once_at_ = kNever;
  send_syn_ack(entry);
}

void HalfOpenTable::challenge(HalfOpen& entry) {
  if (!core_.challenges.take()) {
    core_.counters.challenge_acks_suppressed.add();
    return;
  }
  core_.counters.challenge_acks.add();
  wire::TcpOptions options;
  if (entry.handshake_.negotiated.timestamps) {
    options.timestamps = {{core_.timestamp_now() + core_.timestamp_offset(entry.handshake_.flow),
                           entry.handshake_.negotiated.recent_timestamp}};
  }
  core_.writer.send_bare(
      {.flow = entry.handshake_.flow,
       .sequence = entry.handshake_.initial_send + 1,
       .acknowledgment = entry.handshake_.initial_receive + 1,
       .flags = wire::kAck,
       .window = static_cast<std::uint16_t>(std::min<std::uint32_t>(core_.receive_limit, 0xffff)),
       .options = options},
      entry.handshake_.path.offloads, entry.next_hop_);
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
