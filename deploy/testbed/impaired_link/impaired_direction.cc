#include "deploy/testbed/impaired_link/impaired_direction.h"

#include <algorithm>
#include <span>
#include <utility>

#include "deploy/testbed/impaired_link/congestion_mark.h"
#include "deploy/testbed/impaired_link/too_big_answer.h"

namespace sluice::testbed {
namespace {

constexpr std::size_t kEthernetHeader = 14;

/// Whether it carries IP, and so a checksum: nothing would find damage to ARP.
bool checked(std::span<const std::uint8_t> frame) {
  if (frame.size() <= kEthernetHeader) return false;
  const int type = frame[12] << 8 | frame[13];
  return type == 0x0800 || type == 0x86dd;
}

Duration part_of(Duration whole, double share) {
  return Duration(static_cast<Duration::rep>(static_cast<double>(whole.count()) * share));
}

}  // namespace

ImpairedDirection::ImpairedDirection(const Impairments& impairments, std::uint64_t seed,
                                     FramePool& pool)
    : impairments_(impairments), seed_(seed), pool_(pool) {}

std::optional<Frame> ImpairedDirection::take(Instant now, Frame frame) {
  let_overdue_go(now);
  Chance chance = Chance::of_frame(seed_, ++counters_.taken);
  const std::uint64_t number = counters_.taken;
  // Drawn before anything is decided: a frame uses the same numbers whatever the others do.
  Chance loss(chance.next());
  Chance first(chance.next());
  Chance second(chance.next());
  const bool repeated = chance.share() < impairments_.duplicate;
  Chance marking(chance.next());
  if (too_big(frame)) return refuse(std::move(frame));
  if (lose(loss)) return std::nullopt;
  mark(marking, frame);
  if (repeated) {
    if (std::optional<Frame> copy = pool_.take()) {
      ++counters_.duplicated;
      std::ranges::copy(frame.bytes(), copy->buffer().begin());
      copy->resize(frame.size());
      send(now, number, second, std::move(*copy));
    }
  }
  send(now, number, first, std::move(frame));
  return std::nullopt;
}

bool ImpairedDirection::too_big(const Frame& frame) const {
  return impairments_.mtu != 0 && frame.size() > impairments_.mtu + kEthernetHeader;
}

std::optional<Frame> ImpairedDirection::refuse(Frame frame) {
  ++counters_.too_big;
  if (!impairments_.mtu_answer || !turn_into_too_big_answer(frame, impairments_.mtu)) {
    return std::nullopt;
  }
  ++counters_.too_big_answered;
  return frame;
}

bool ImpairedDirection::lose(Chance& chance) {
  const double turn = chance.share();
  in_burst_ = in_burst_ ? turn >= impairments_.burst_leave : turn < impairments_.burst_enter;
  if (chance.share() >= (in_burst_ ? impairments_.burst_loss : impairments_.loss)) return false;
  ++(in_burst_ ? counters_.lost_in_bursts : counters_.lost);
  return true;
}

void ImpairedDirection::corrupt(Chance& chance, Frame& frame) {
  const bool hit = chance.share() < impairments_.corrupt;
  const std::uint64_t where = chance.next();
  if (!hit || !checked(frame.bytes())) return;
  ++counters_.corrupted;
  const std::size_t bits = (frame.size() - kEthernetHeader) * 8;
  const std::size_t bit = kEthernetHeader * 8 + where % bits;
  frame.bytes()[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
}

void ImpairedDirection::mark(Chance& chance, Frame& frame) {
  if (chance.share() < impairments_.mark && mark_congestion(frame.bytes())) ++counters_.marked;
}

void ImpairedDirection::send(Instant now, std::uint64_t number, Chance& chance, Frame frame) {
  corrupt(chance, frame);
  const Duration jitter = part_of(impairments_.jitter, chance.share());
  if (chance.share() < impairments_.reorder) {
    held_.push_back({impairments_.reorder_by, now + impairments_.reorder_time, number, jitter,
                     std::move(frame)});
    return;
  }
  pass(now, number, jitter, std::move(frame));
  let_overtaken_go(now);
}

void ImpairedDirection::let_overtaken_go(Instant now) {
  for (Held& held : held_) {
    if (held.to_pass > 0 && --held.to_pass == 0) {
      pass(now, held.number, held.jitter, std::move(held.frame));
      held.latest = kNever;
    }
  }
  std::erase_if(held_, [](const Held& held) { return held.latest == kNever; });
}

void ImpairedDirection::let_overdue_go(Instant now) {
  while (!held_.empty() && held_.front().latest <= now) {
    Held held = std::move(held_.front());
    held_.pop_front();
    pass(held.latest, held.number, held.jitter, std::move(held.frame));
  }
}

void ImpairedDirection::pass(Instant now, std::uint64_t number, Duration jitter, Frame frame) {
  const std::optional<Instant> left = leave_queue(now, frame.size());
  if (!left) return;
  Instant due = *left + impairments_.delay + jitter;
  if (impairments_.jitter_keeps_order) due = std::max(due, latest_arrival_);
  latest_arrival_ = std::max(latest_arrival_, due);
  moving_.push_back({due, next_order_++, number, std::move(frame)});
  std::ranges::push_heap(moving_, Later());
}

std::optional<Instant> ImpairedDirection::leave_queue(Instant now, std::size_t size) {
  if (impairments_.rate == 0) return now;
  const double rate = static_cast<double>(impairments_.rate);
  const Instant start = std::max(now, link_free_);
  const double waiting = static_cast<double>((start - now).count()) * rate / 8e9;
  // One that finds the link idle leaves, even if the queue could not hold it.
  if (start > now &&
      waiting + static_cast<double>(size) > static_cast<double>(impairments_.queue)) {
    ++counters_.queue_dropped;
    return std::nullopt;
  }
  link_free_ = start + Duration(static_cast<Duration::rep>(static_cast<double>(size) * 8e9 / rate));
  return link_free_;
}

std::optional<Frame> ImpairedDirection::release(Instant now) {
  let_overdue_go(now);
  if (moving_.empty() || moving_.front().due > now) return std::nullopt;
  std::ranges::pop_heap(moving_, Later());
  Moving arrived = std::move(moving_.back());
  moving_.pop_back();
  ++counters_.forwarded;
  counters_.forwarded_bytes += arrived.frame.size();
  if (arrived.number < highest_out_) ++counters_.reordered;
  highest_out_ = std::max(highest_out_, arrived.number);
  return std::move(arrived.frame);
}

Instant ImpairedDirection::next_due() const {
  const Instant arrival = moving_.empty() ? kNever : moving_.front().due;
  return held_.empty() ? arrival : std::min(arrival, held_.front().latest);
}

}  // namespace sluice::testbed
