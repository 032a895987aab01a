#include "dataplane/tcp/recovery/recovery.h"

#include <algorithm>
#include <array>

namespace sluice::tcp {
namespace {

// RFC 5681 section 3.2.
constexpr std::uint8_t kDuplicateThreshold = 3;
// How far below what is acknowledged a duplicate may be reported: further than any window.
constexpr std::uint32_t kOldestDuplicate = std::uint32_t{1} << 30;

bool precedes(const wire::SackBlock& a, const wire::SackBlock& b) {
  return SequenceNumber(a.begin) < SequenceNumber(b.begin);
}

// By where they begin. Blocks of a peer that means harm may have no order; any will do for them.
wire::SackBlocks in_order(std::span<const wire::SackBlock> blocks) {
  std::array<wire::SackBlock, wire::SackBlocks::kMost> sorted{};
  std::size_t count = 0;
  for (const wire::SackBlock& block : blocks.first(std::min(blocks.size(), sorted.size()))) {
    std::size_t place = count++;
    for (; place > 0 && precedes(block, sorted[place - 1]); --place) {
      sorted[place] = sorted[place - 1];
    }
    sorted[place] = block;
  }
  wire::SackBlocks result;
  for (const wire::SackBlock& block : std::span(sorted).first(count)) result.add(block);
  return result;
}

bool contains(const wire::SackBlock& outer, const wire::SackBlock& inner) {
  return SequenceNumber(inner.begin) >= SequenceNumber(outer.begin) &&
         SequenceNumber(inner.end) <= SequenceNumber(outer.end);
}

// RFC 2883 section 4: a first block below the acknowledgment or inside the second block.
bool reports_duplicate(std::span<const wire::SackBlock> blocks, SequenceNumber acknowledged) {
  const wire::SackBlock& first = blocks[0];
  if (SequenceNumber(first.begin) >= SequenceNumber(first.end)) return false;
  if (SequenceNumber(first.end) <= acknowledged) {
    return SequenceNumber(first.begin) >= acknowledged - kOldestDuplicate;
  }
  return blocks.size() > 1 && contains(blocks[1], first);
}

}  // namespace

Recovery::Recovery(SequenceNumber begin, RangePools& pools)
    : board_(begin, pools),
      rack_(begin),
      slow_start_(begin),
      recovery_point_(begin),
      reduced_until_(begin),
      measure_from_(begin),
      widened_until_(begin) {}

void Recovery::on_sent(SequenceNumber begin, SequenceNumber end, Instant now) {
  const SequenceNumber known = board_.end();
  while (begin < known && begin < end) {
    // What is sent again may span several ranges.
    const SequenceNumber to = earlier_of(earlier_of(end, known), board_.end_of_range(begin));
    board_.resent(begin, to, now);
    rate_.on_sent(to - begin);
    if (phase_ != Phase::kOpen) undo_.on_resent(begin, to, SentTime::of(now));
    begin = to;
    resent_ = true;
  }
  if (begin >= end) return;
  sent_new_ = true;
  board_.sent(end, now);
  rate_.on_sent(end - begin);
}

void Recovery::on_acknowledgment(const Acknowledgment& acknowledgment, Sender& sender) {
  const Delivery delivery = take_delivery(acknowledgment, sender);
  measure(acknowledgment, delivery, sender);
  adapt_reordering_window(delivery, sender);
  conclude_probe(acknowledgment, delivery, sender);
  // RFC 3168 section 6.1.2: a reduction stands, whether or not something was lost.
  if (delivery.marked) undo_.forget();
  detect_spurious(acknowledgment, delivery, sender);
  const std::uint32_t lost = board_.lost();
  detect_losses(acknowledgment, delivery, sender);
  change_phase(delivery.bytes, sender);
  if (delivery.marked) react_to_mark(delivery, sender);
  adapt_window(delivery, board_.lost() > lost, sender);
}

Recovery::Delivery Recovery::take_delivery(const Acknowledgment& acknowledgment, Sender& sender) {
  Delivery delivery;
  const SequenceNumber before = board_.begin();
  delivery.from = before;
  delivery.advanced = acknowledgment.number > before;
  delivery.marked = acknowledgment.marked;
  if (delivery.advanced) {
    board_.acknowledge(acknowledgment.number, [&](const Scoreboard::Part& part) {
      if (!part.range.sacked) note_delivered(part, acknowledgment, delivery, sender);
    });
    // Not left further behind: sequence numbers wrap.
    reduced_until_ = later_of(reduced_until_, acknowledgment.number - 1U);
  }
  if (!sender.sack) {
    presume_delivered(acknowledgment, acknowledgment.number - before, delivery, sender);
  } else if (!acknowledgment.blocks.empty()) {
    take_blocks(acknowledgment, delivery, sender);
  }
  return delivery;
}

void Recovery::note_delivered(const Scoreboard::Part& part, const Acknowledgment& acknowledgment,
                              Delivery& delivery, Sender& sender) {
  delivery.bytes += part.size();
  const Duration age = part.range.first_sent.age(sender.now);
  if (!part.range.resent) {
    const SentTime sent = part.range.first_sent;
    delivery.oldest_sent = delivery.oldest_sent ? earlier_of(*delivery.oldest_sent, sent) : sent;
    delivery.newest_sent = delivery.newest_sent ? later_of(*delivery.newest_sent, sent) : sent;
    if (part.end > measure_from_) delivery.timing = true;
    if (part.end <= recovery_point_) delivery.original = true;
  } else {
    // It may be the first copy that arrived, not the last (RFC 8985 section 6.2, step 2). An ACK
    // echoes nothing of what arrived out of order; the echo counts milliseconds; and round trips
    // that nothing delays differ a little.
    const bool older = acknowledgment.echo_age && part.end <= acknowledgment.number &&
                       *acknowledgment.echo_age > age + std::chrono::milliseconds(1);
    if (older || age < sender.round_trip.minimum() / 16 * 15) return;
  }
  if (sender.rack() && rack_.on_delivered(part, sender.now)) delivery.reordered = true;
}

void Recovery::take_blocks(const Acknowledgment& acknowledgment, Delivery& delivery,
                           Sender& sender) {
  std::span<const wire::SackBlock> blocks = acknowledgment.blocks;
  if (reports_duplicate(blocks, acknowledgment.number)) {
    sender.counters.dsacks_received.add();
    delivery.duplicate = blocks[0];
    blocks = blocks.subspan(1);
  }
  // In order, so that what one ACK tells does not look reordered.
  const wire::SackBlocks sorted = in_order(blocks);
  for (const wire::SackBlock& block : sorted.all()) {
    const SequenceNumber begin(block.begin);
    const SequenceNumber end(block.end);
    if (begin >= end || begin < board_.begin() || end > board_.end()) {
      sender.counters.sack_blocks_ignored.add();
      continue;
    }
    sender.counters.sack_blocks_received.add();
    board_.sack(begin, end, [&](const Scoreboard::Part& part) {
      note_delivered(part, acknowledgment, delivery, sender);
    });
  }
}

// A duplicate ACK of a peer without SACK tells that some segment has arrived; the ACK that follows
// a repair covers what was presumed so.
void Recovery::presume_delivered(const Acknowledgment& acknowledgment, std::uint32_t advanced_by,
                                 Delivery& delivery, const Sender& sender) {
  if (acknowledgment.duplicate) {
    const std::uint32_t more = std::min(sender.segment_size, pipe());
    presumed_delivered_ += more;
    delivery.bytes += more;
  } else if (delivery.advanced) {
    const std::uint32_t beyond_repair =
        advanced_by > sender.segment_size ? advanced_by - sender.segment_size : 0;
    const std::uint32_t presumed = std::min(presumed_delivered_, beyond_repair);
    presumed_delivered_ -= presumed;
    delivery.bytes -= std::min(delivery.bytes, presumed);
  }
  if (board_.empty()) presumed_delivered_ = 0;
}

// RFC 6298 section 3 with one measurement a round trip; Karn's rule: what was sent twice is
// measured by the echoed timestamp alone.
void Recovery::measure(const Acknowledgment& acknowledgment, const Delivery& delivery,
                       Sender& sender) {
  if (delivery.newest_sent) {
    sender.round_trip.note_shortest(delivery.newest_sent->age(sender.now), sender.now);
  }
  if (delivery.oldest_sent) {
    if (!delivery.timing) return;
    sender.round_trip.sample(delivery.oldest_sent->age(sender.now));
    measure_from_ = board_.end();
  } else if (delivery.advanced && acknowledgment.echo_age) {
    sender.round_trip.sample(
        std::max<Duration>(*acknowledgment.echo_age, std::chrono::milliseconds(1)));
  }
}

// RFC 8985 section 6.2, steps 3 and 4. A network that duplicates proves nothing, nor does a probe.
void Recovery::adapt_reordering_window(const Delivery& delivery, Sender& sender) {
  if (delivery.reordered) {
    sender.counters.reordered_deliveries.add();
    sender.reordering.note_reordering();
  }
  if (widened_ && board_.begin() >= widened_until_) widened_ = false;
  if (!delivery.duplicate || widened_ || !resent_) return;
  if (probe_.pending() && SequenceNumber(delivery.duplicate->end) == probe_.end()) return;
  widened_ = true;
  widened_until_ = board_.end();
  sender.reordering.widen();
}

void Recovery::conclude_probe(const Acknowledgment& acknowledgment, const Delivery& delivery,
                              Sender& sender) {
  if (!probe_.pending()) return;
  const bool reported =
      delivery.duplicate && SequenceNumber(delivery.duplicate->end) == probe_.end();
  const bool bare_duplicate = acknowledgment.duplicate && acknowledgment.blocks.empty();
  const auto outcome = probe_.on_acknowledged(acknowledgment.number, reported, bare_duplicate);
  if (outcome != TailLossProbe::Outcome::kRepairedALoss) return;
  sender.counters.tlp_repairs.add();
  if (phase_ == Phase::kOpen) {
    reduce_window(sender.congestion.window(), sender);
  }
}

// Whether what was taken for lost had only been late.
void Recovery::detect_spurious(const Acknowledgment& acknowledgment, const Delivery& delivery,
                               Sender& sender) {
  const bool frto = phase_ == Phase::kRepair && spurious_by_forward_rto(delivery);
  if (!undo_.pending()) return;
  // Everything that was taken for lost has arrived before any of it was sent again.
  const bool needless = phase_ != Phase::kOpen && board_.lost() == 0 && !undo_.repaired();
  if (frto || needless) {
    take_back(sender);
  } else if (phase_ != Phase::kOpen && delivery.advanced && acknowledgment.echo_age &&
             undo_.proven_by_echo(delivery.from, *acknowledgment.echo_age, sender.now)) {
    if (undo_timeout_) sender.round_trip.on_spurious_timeout(*acknowledgment.echo_age);
    take_back(sender);
  } else if (delivery.duplicate && undo_.on_duplicate(SequenceNumber(delivery.duplicate->begin),
                                                      SequenceNumber(delivery.duplicate->end))) {
    take_back(sender);
  } else if (phase_ == Phase::kOpen) {
    undo_.expire(board_.begin());
  }
}

bool Recovery::spurious_by_forward_rto(const Delivery& delivery) {
  const bool advanced = delivery.advanced && board_.begin() < recovery_point_;
  const auto verdict = forward_rto_.on_acknowledged(advanced, delivery.original);
  if (verdict == ForwardRto::Verdict::kHold) sent_new_ = false;
  return verdict == ForwardRto::Verdict::kSpurious;
}

void Recovery::take_back(Sender& sender) {
  (undo_timeout_ ? sender.counters.spurious_timeouts : sender.counters.spurious_recoveries).add();
  if (!undo_timeout_) sender.reordering.note_reordering();
  board_.unmark_lost();
  phase_ = Phase::kOpen;
  reduced_until_ = board_.begin();
  forward_rto_.stop();
  undo_.take_back(sender.congestion, pipe(), sender.segment_size);
}

void Recovery::detect_losses(const Acknowledgment& acknowledgment, const Delivery& delivery,
                             Sender& sender) {
  if (!sender.sack) {
    detect_by_duplicates(acknowledgment, delivery, sender);
  } else if (board_.sacked() == 0 && phase_ == Phase::kOpen) {
    if (!early_is_probe_) early_at_ = kNever;
  } else if (sender.config.rack) {
    detect_by_time(sender);
  } else {
    detect_by_scoreboard(sender);
  }
}

Duration Recovery::reordering_window(const Sender& sender) const {
  const bool settled =
      phase_ != Phase::kOpen || board_.sacked() >= kDuplicateThreshold * sender.segment_size;
  return sender.reordering.size(sender.round_trip, settled);
}

void Recovery::detect_by_time(Sender& sender) {
  const std::uint32_t before = board_.lost();
  const Duration wait = rack_.detect(board_, reordering_window(sender), sender.now);
  early_at_ = wait > Duration::zero() ? sender.now + wait : kNever;
  early_is_probe_ = false;
  const std::uint32_t marked = board_.lost() - before;
  if (marked > 0) {
    sender.counters.rack_marked_lost.add((marked + sender.segment_size - 1) / sender.segment_size);
  }
}

// RFC 6675 section 4, IsLost(): three runs, or more than two segments' bytes, have arrived of what
// is behind it.
void Recovery::detect_by_scoreboard(const Sender& sender) {
  std::uint32_t bytes_behind = 0;
  std::uint32_t runs_behind = 0;
  for (std::size_t index = board_.size(); index-- > 0;) {
    const Scoreboard::Part part = board_.part(index);
    if (part.range.sacked) {
      bytes_behind += part.size();
      ++runs_behind;
    } else if (!part.range.resent &&
               (runs_behind >= kDuplicateThreshold ||
                bytes_behind > (kDuplicateThreshold - 1) * sender.segment_size)) {
      board_.mark_lost(index);
    }
  }
}

// RFC 6582 section 3.2: three duplicate ACKs, but not for what an earlier recovery sent again; then
// every partial acknowledgment shows the next hole.
void Recovery::detect_by_duplicates(const Acknowledgment& acknowledgment, const Delivery& delivery,
                                    const Sender& sender) {
  if (delivery.advanced) {
    duplicates_ = 0;
    if (phase_ == Phase::kFastRecovery && board_.begin() < recovery_point_) {
      board_.mark_front_lost(sender.segment_size);
    }
    return;
  }
  if (!acknowledgment.duplicate || duplicates_ >= kDuplicateThreshold) return;
  ++duplicates_;
  if (duplicates_ == kDuplicateThreshold && phase_ == Phase::kOpen &&
      board_.begin() >= recovery_point_) {
    board_.mark_front_lost(sender.segment_size);
  }
}

void Recovery::change_phase(std::uint32_t delivered, Sender& sender) {
  if (phase_ != Phase::kOpen && board_.begin() >= recovery_point_) {
    if (phase_ == Phase::kFastRecovery) {
      sender.congestion.set_window(sender.congestion.threshold());
    }
    phase_ = Phase::kOpen;
    presumed_delivered_ = 0;
    forward_rto_.stop();
    undo_.on_recovered(board_.end());
    sender.reordering.on_recovered();
  }
  if (phase_ == Phase::kOpen && board_.lost() > 0) enter_fast_recovery(delivered, sender);
}

void Recovery::enter_fast_recovery(std::uint32_t delivered, Sender& sender) {
  sender.counters.fast_retransmits.add();
  phase_ = Phase::kFastRecovery;
  recovery_point_ = board_.end();
  probe_.forget();
  undo_.start(sender.congestion, recovery_point_);
  undo_timeout_ = false;
  const std::uint32_t outstanding = board_.outstanding();
  reduce_window(outstanding, sender);
  rate_.start(outstanding - board_.sacked() + delivered, sender.congestion.threshold());
  sender.congestion.set_window(pipe() + sender.segment_size);
}

void Recovery::adapt_window(const Delivery& delivery, bool new_losses, Sender& sender) {
  if (delivery.bytes == 0) return;
  if (phase_ == Phase::kFastRecovery) {
    const bool progress = delivery.advanced && !new_losses;
    sender.congestion.set_window(
        rate_.window(delivery.bytes, pipe(), progress, sender.segment_size));
  } else if (!delivery.marked && (delivery.advanced || sender.reordering.seen())) {
    grow_window(delivery, sender);
  }
}

// RFC 3168 section 6.1.2: as for a loss, but nothing is to be repaired. What is in flight comes
// down to the window as ACKs go on; to spread that over a round trip, as PRR does, is worth its
// state only where repairs must go out meanwhile. The least window is two segments, as after a
// loss. A peer that was not told of a reduction yet, for want of new data, goes on telling of its
// cause.
void Recovery::react_to_mark(const Delivery& delivery, Sender& sender) {
  if (phase_ != Phase::kOpen || board_.begin() <= reduced_until_) return;
  if (sender.ecn.tells_reduction()) return;
  sender.counters.ecn_reductions.add();
  reduce_window(board_.outstanding() + delivery.bytes, sender);
}

// Once for each window of data, whatever tells of congestion (RFC 3168 section 6.1.2).
void Recovery::reduce_window(std::uint32_t in_flight, Sender& sender) {
  sender.ecn.on_reduced();
  if (board_.begin() < reduced_until_) return;
  reduced_until_ = board_.end();
  sender.congestion.on_loss(in_flight, sender.segment_size);
}

// After a timeout ACKs count for a segment at most (RFC 3465 section 2.3): they may cover what
// arrived long ago.
void Recovery::grow_window(const Delivery& delivery, Sender& sender) {
  std::uint32_t slow_start_bytes = std::min(delivery.bytes, sender.segment_size);
  if (phase_ == Phase::kOpen) {
    if (sender.congestion.in_first_slow_start() && delivery.newest_sent &&
        slow_start_.on_acknowledged(board_.begin(), board_.end(),
                                    delivery.newest_sent->age(sender.now))) {
      sender.counters.slow_start_exits.add();
      sender.congestion.end_slow_start();
    }
    if (!window_limited_) {
      sender.congestion.on_unused();
      return;
    }
    slow_start_bytes = slow_start_.growth(delivery.bytes);
  }
  sender.congestion.on_acknowledged({.acknowledged = delivery.bytes,
                                     .segment_size = sender.segment_size,
                                     .now = sender.now,
                                     .round_trip = sender.round_trip.smoothed()},
                                    slow_start_bytes);
}

// What was sent again is lost again, too, unless it was just sent (RFC 8985 section 6.3, RFC 6675
// section 5.1). A first range that is sacked was reneged on (RFC 2018 section 8).
void Recovery::on_timeout(bool first, Sender& sender) {
  if (board_.at(0).sacked) {
    sender.counters.sack_reneged.add();
    board_.forget_sacked();
  }
  prepare_undo(first, sender);
  if (first && phase_ != Phase::kFastRecovery) {
    sender.congestion.on_timeout(board_.outstanding(), sender.segment_size);
  }
  if (sender.rack()) {
    rack_.detect_on_timeout(board_, reordering_window(sender), sender.now);
  } else {
    board_.mark_all_lost();
  }
  phase_ = Phase::kRepair;
  recovery_point_ = reduced_until_ = board_.end();
  sender.ecn.on_reduced();
  duplicates_ = 0;
  presumed_delivered_ = 0;
  probe_.forget();
  early_at_ = kNever;
  sender.congestion.set_window(pipe() + sender.segment_size);
}

// A timeout in the middle of a recovery is not taken back. F-RTO wants a timeout out of the blue
// and no other means (RFC 5682 section 3.1).
void Recovery::prepare_undo(bool first, const Sender& sender) {
  if (!first) return;
  if (phase_ != Phase::kOpen) {
    undo_.forget();
    forward_rto_.stop();
    return;
  }
  undo_.start(sender.congestion, board_.end());
  undo_timeout_ = true;
  if (!sender.timestamps && board_.sacked() == 0) forward_rto_.start();
}

void Recovery::on_path_narrowed(SequenceNumber sequence) {
  board_.mark_lost_from(sequence);
  probe_.forget();
  forward_rto_.stop();
  undo_.forget();
  early_at_ = kNever;
  if (phase_ == Phase::kOpen) phase_ = Phase::kRepair;
  recovery_point_ = board_.end();
}

bool Recovery::on_early_timer(Sender& sender) {
  early_at_ = kNever;
  if (early_is_probe_) return true;
  detect_by_time(sender);
  change_phase(0, sender);
  return false;
}

// RFC 8985 section 7.2: nothing is probed for while losses are known or suspected, nor while an
// earlier probe is not answered.
void Recovery::schedule_probe(Instant latest, const Sender& sender) {
  if (!sender.rack() || phase_ != Phase::kOpen || probe_.pending() || board_.sacked() > 0 ||
      board_.empty()) {
    if (early_is_probe_) early_at_ = kNever;
    return;
  }
  early_at_ = std::min(latest, sender.now + probe_timeout(sender));
  early_is_probe_ = true;
}

// A peer may delay its ACK of a lone segment (RFC 8985 section 7.2 takes 200 ms for the longest).
Duration Recovery::probe_timeout(const Sender& sender) const {
  constexpr Duration kUnmeasured = std::chrono::seconds(1);
  constexpr Duration kLongestAckDelay = std::chrono::milliseconds(200);
  constexpr Duration kShortest = std::chrono::milliseconds(5);
  if (!sender.round_trip.measured()) return kUnmeasured;
  const Duration twice = 2 * sender.round_trip.smoothed();
  if (board_.outstanding() <= sender.segment_size) return twice + kLongestAckDelay;
  return std::max(twice, kShortest);
}

void Recovery::note_probe(bool repeats, Sender& sender) {
  sender.counters.tlp_probes.add();
  probe_.sent(board_.end(), repeats);
}

}  // namespace sluice::tcp
