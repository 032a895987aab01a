#include "dataplane/ip/neighbour_table.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace sluice::ip {

void Neighbour::on_timer(Instant /*now*/) {
  table_->expired(*this);
}

NeighbourTable::NeighbourTable(const Resources& resources, std::span<const Interface> interfaces,
                               NeighbourClient& client, std::uint32_t capacity)
    : resources_(resources),
      interfaces_(interfaces),
      client_(client),
      solicitation_bucket_(resources.clock, kSolicitationRate, kSolicitationBurst),
      capacity_(capacity),
      entries_(std::make_unique<Neighbour[]>(capacity)),
      buckets_(std::bit_ceil(capacity), Neighbour::kNoNeighbour),
      random_state_(resources.key.low | 1),
      pending_(kPendingInAll) {
  free_.reserve(capacity);
  for (std::uint32_t i = capacity; i > 0; --i) {
    entries_[i - 1].index_ = i - 1;
    entries_[i - 1].table_ = this;
    free_.push_back(i - 1);
  }
}

Neighbour* NeighbourTable::find(InterfaceId interface, const wire::IpAddress& address) {
  std::uint32_t index = bucket(interface, address);
  while (index != Neighbour::kNoNeighbour) {
    Neighbour& neighbour = entries_[index];
    if (neighbour.address_ == address && neighbour.interface_ == interface) return &neighbour;
    index = neighbour.next_in_bucket_;
  }
  return nullptr;
}

Neighbour& NeighbourTable::resolve(InterfaceId interface, const wire::IpAddress& address) {
  if (Neighbour* known = find(interface, address)) return *known;
  Neighbour& neighbour = create(interface, address);
  enter(neighbour, NeighbourState::kIncomplete);
  return neighbour;
}

void NeighbourTable::send(Neighbour& neighbour, Packet packet) {
  switch (neighbour.state_) {
    case NeighbourState::kStale:
      enter(neighbour, NeighbourState::kProbe);
      [[fallthrough]];
    case NeighbourState::kReachable:
    case NeighbourState::kProbe:
      transmit(neighbour, std::move(packet));
      return;
    case NeighbourState::kIncomplete:
      enqueue(neighbour, std::move(packet));
      return;
    case NeighbourState::kFree:
    case NeighbourState::kFailed:
      resources_.counters.unresolved_dropped.add();
      client_.unresolved(std::move(packet));
      return;
  }
}

void NeighbourTable::learn(const NeighbourReport& report, bool create_entry) {
  Neighbour* known = find(report.interface, report.address);
  if (known == nullptr) {
    if (!create_entry) return;
    known = &create(report.interface, report.address);
  } else if (!differs(*known, report)) {
    return;
  }
  set_address(*known, report);
  enter(*known, NeighbourState::kStale);
  release_pending(*known);
}

void NeighbourTable::confirm(const NeighbourReport& report, bool solicited, bool override_cache) {
  Neighbour* known = find(report.interface, report.address);
  if (known == nullptr) return;
  const bool resolved =
      known->state_ != NeighbourState::kIncomplete && known->state_ != NeighbourState::kFailed;
  const bool changed = differs(*known, report);
  if (resolved && changed && !override_cache) {
    if (known->state_ == NeighbourState::kReachable) enter(*known, NeighbourState::kStale);
    return;
  }
  set_address(*known, report);
  if (solicited) {
    enter(*known, NeighbourState::kReachable);
  } else if (changed) {
    enter(*known, NeighbourState::kStale);
  }
  release_pending(*known);
}

void NeighbourTable::confirm_without_address(InterfaceId interface, const wire::IpAddress& address,
                                             bool solicited) {
  Neighbour* known = find(interface, address);
  if (known == nullptr || !solicited) return;
  if (known->state_ == NeighbourState::kIncomplete || known->state_ == NeighbourState::kFailed) {
    return;
  }
  enter(*known, NeighbourState::kReachable);
}

void NeighbourTable::forget(port::PortId port) {
  for (std::uint32_t i = 0; i < capacity_; ++i) {
    const NeighbourState state = entries_[i].state_;
    if (state == NeighbourState::kReachable || state == NeighbourState::kStale ||
        state == NeighbourState::kProbe) {
      if (entries_[i].port_ == port) remove(entries_[i]);
    }
  }
}

void NeighbourTable::expired(Neighbour& neighbour) {
  switch (neighbour.state_) {
    case NeighbourState::kIncomplete:
    case NeighbourState::kProbe:
      solicit_again(neighbour);
      return;
    case NeighbourState::kReachable:
      enter(neighbour, NeighbourState::kStale);
      return;
    case NeighbourState::kStale:
    case NeighbourState::kFailed:
      remove(neighbour);
      return;
    case NeighbourState::kFree:
      return;
  }
}

void NeighbourTable::enter(Neighbour& neighbour, NeighbourState state) {
  neighbour.state_ = state;
  neighbour.since_ = resources_.clock.now();
  neighbour.solicitations_ = 0;
  switch (state) {
    case NeighbourState::kIncomplete:
    case NeighbourState::kProbe:
      solicit(neighbour);
      return;
    case NeighbourState::kReachable:
      resources_.timers.arm_after(neighbour, random_reachable_time());
      return;
    case NeighbourState::kStale:
      resources_.timers.arm_after(neighbour, kStaleTime);
      return;
    case NeighbourState::kFailed:
      resources_.timers.arm_after(neighbour, kHoldOff);
      return;
    case NeighbourState::kFree:
      neighbour.disarm();
      return;
  }
}

void NeighbourTable::solicit_again(Neighbour& neighbour) {
  if (neighbour.solicitations_ < kSolicitations) {
    solicit(neighbour);
  } else {
    give_up(neighbour);
  }
}

// What goes to one known host is not limited: it is at most one a second for each of them.
void NeighbourTable::solicit(Neighbour& neighbour) {
  const bool unknown = neighbour.state_ == NeighbourState::kIncomplete;
  const Duration wait = unknown ? kFirstWait * (1 << neighbour.solicitations_) : kProbeWait;
  ++neighbour.solicitations_;
  resources_.timers.arm_after(neighbour, wait);
  if (unknown && !solicitation_bucket_.take()) {
    resources_.counters.solicitations_limited.add();
    return;
  }
  client_.solicit(neighbour);
}

// A neighbour that has stopped answering is forgotten: the next packet asks on all ports.
void NeighbourTable::give_up(Neighbour& neighbour) {
  resources_.counters.resolutions_failed.add();
  if (neighbour.state_ == NeighbourState::kProbe) {
    remove(neighbour);
    return;
  }
  enter(neighbour, NeighbourState::kFailed);
  while (Packet packet = pending_.pop(neighbour.pending_)) {
    resources_.counters.unresolved_dropped.add();
    client_.unresolved(std::move(packet));
  }
}

void NeighbourTable::set_address(Neighbour& neighbour, const NeighbourReport& report) {
  const Interface& interface = interfaces_[neighbour.interface_.index()];
  neighbour.port_ = report.port;
  wire::write_ethernet_header(neighbour.header_.data(), report.mac,
                              interface.find_port(report.port)->mac,
                              neighbour.address_.is_v4() ? wire::kEtherIpv4 : wire::kEtherIpv6);
}

bool NeighbourTable::differs(const Neighbour& neighbour, const NeighbourReport& report) {
  return neighbour.state_ == NeighbourState::kIncomplete ||
         neighbour.state_ == NeighbourState::kFailed || neighbour.port_ != report.port ||
         neighbour.mac() != report.mac;
}

void NeighbourTable::transmit(const Neighbour& neighbour, Packet packet) {
  std::uint8_t* header = packet.prepend(wire::EthernetHeader::kSize);
  if (header == nullptr) {
    resources_.counters.send_no_buffer.add();
    return;
  }
  std::memcpy(header, neighbour.header_.data(), neighbour.header_.size());
  resources_.counters.packets_sent.add();
  resources_.link.transmit(neighbour.port_, std::move(packet));
}

// The newest packets are the ones still wanted when the answer comes (RFC 4861 section 7.2.2).
void NeighbourTable::enqueue(Neighbour& neighbour, Packet packet) {
  if (neighbour.pending_.size() >= kPendingPerNeighbour) {
    pending_.pop(neighbour.pending_).reset();
    resources_.counters.pending_dropped.add();
  }
  if (!pending_.push(neighbour.pending_, std::move(packet))) {
    resources_.counters.pending_dropped.add();
  }
}

void NeighbourTable::release_pending(Neighbour& neighbour) {
  while (Packet packet = pending_.pop(neighbour.pending_)) send(neighbour, std::move(packet));
}

void NeighbourTable::drop_pending(Neighbour& neighbour) {
  while (Packet packet = pending_.pop(neighbour.pending_)) {
    resources_.counters.pending_dropped.add();
  }
}

Neighbour& NeighbourTable::create(InterfaceId interface, const wire::IpAddress& address) {
  if (free_.empty()) {
    resources_.counters.neighbours_evicted.add();
    remove(least_valuable());
  }
  Neighbour& neighbour = entries_[free_.back()];
  free_.pop_back();
  neighbour.interface_ = interface;
  neighbour.address_ = address;
  neighbour.state_ = NeighbourState::kIncomplete;
  neighbour.port_ = {};
  neighbour.next_in_bucket_ = std::exchange(bucket(interface, address), neighbour.index_);
  resources_.counters.neighbours.add();
  return neighbour;
}

// The best of a few to give up: one that never answered, then one that has not been used since it
// was learnt; the longest so among equals. With the table full of a scanner's entries, one of those
// is practically always among the few.
Neighbour& NeighbourTable::least_valuable() {
  constexpr std::uint32_t kCandidates = 16;
  auto value = [](const Neighbour& neighbour) {
    switch (neighbour.state_) {
      case NeighbourState::kFree:
      case NeighbourState::kFailed:
        return 0;
      case NeighbourState::kIncomplete:
        return 1;
      case NeighbourState::kStale:
        return 2;
      case NeighbourState::kProbe:
      case NeighbourState::kReachable:
        return 3;
    }
    return 0;
  };
  Neighbour* least = nullptr;
  for (std::uint32_t i = 0; i < std::min(kCandidates, capacity_); ++i) {
    Neighbour& candidate = entries_[eviction_hand_];
    eviction_hand_ = (eviction_hand_ + 1) % capacity_;
    if (least == nullptr ||
        std::pair(value(candidate), candidate.since_) < std::pair(value(*least), least->since_)) {
      least = &candidate;
    }
  }
  return *least;
}

void NeighbourTable::remove(Neighbour& neighbour) {
  std::uint32_t* link = &bucket(neighbour.interface_, neighbour.address_);
  while (*link != neighbour.index_) link = &entries_[*link].next_in_bucket_;
  *link = neighbour.next_in_bucket_;
  drop_pending(neighbour);
  enter(neighbour, NeighbourState::kFree);
  if (++neighbour.generation_ == 0) neighbour.generation_ = 1;
  free_.push_back(neighbour.index_);
  resources_.counters.neighbours.subtract();
}

std::uint32_t& NeighbourTable::bucket(InterfaceId interface, const wire::IpAddress& address) {
  std::array<std::uint8_t, 18> key;
  const InterfaceId::rep number = interface.value();
  std::memcpy(key.data(), &number, 2);
  std::memcpy(key.data() + 2, address.bytes().data(), 16);
  return buckets_[keyed_hash(resources_.key, key.data(), key.size()) & (buckets_.size() - 1)];
}

Duration NeighbourTable::random_reachable_time() {
  random_state_ ^= random_state_ << 13;  // xorshift (Marsaglia, 2003)
  random_state_ ^= random_state_ >> 7;
  random_state_ ^= random_state_ << 17;
  const auto tenths = static_cast<std::int64_t>(5 + random_state_ % 11);
  return kReachableTime * tenths / 10;
}

}  // namespace sluice::ip
