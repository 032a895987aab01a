#include "dataplane/ip/reassembler.h"

#include <algorithm>
#include <utility>

#include "dataplane/wire/ecn.h"
#include "dataplane/wire/ip_protocol.h"
#include "dataplane/wire/tcp.h"

namespace sluice::ip {
namespace {

// What a packet takes of memory, whatever it carries.
std::size_t cost_of(const Packet& packet) {
  std::size_t bytes = 0;
  for (const rte_mbuf* buffer = packet.get(); buffer != nullptr; buffer = buffer->next) {
    bytes += buffer->buf_len;
  }
  return bytes;
}

// The first fragment shows what the datagram is, to whoever looks at it on the way.
bool has_whole_transport_header(std::uint32_t protocol, wire::Bytes payload) {
  constexpr std::size_t kIcmpHeader = 8;
  if (protocol != wire::kProtocolTcp) return payload.size() >= kIcmpHeader;
  constexpr std::size_t kDataOffset = 12;
  if (payload.size() < wire::TcpHeader::kMinimumSize) return false;
  return payload.size() >= static_cast<std::size_t>(payload[kDataOffset] >> 4) * 4;
}

bool is_malformed(const FragmentRange& range) {
  return range.size == 0 || range.end() > Reassembler::kLargest ||
         (!range.last && range.size % 8 != 0);
}

}  // namespace

Reassembler::Reassembler(const Resources& resources)
    : resources_(resources), entries_(kMostDatagrams) {}

std::optional<Packet> Reassembler::add(const FragmentedDatagram& datagram,
                                       const FragmentRange& range, Packet packet,
                                       std::uint16_t header_size) {
  Counters& counters = resources_.counters;
  counters.fragments_received.add();
  expire(resources_.clock.now());
  if (resources_.pool.pressure() != MemoryPressure::kNone) {
    counters.fragment_no_room.add();
    return {};
  }
  Entry& entry = entry_for(datagram);
  if (entry.refused) {
    counters.fragment_of_refused.add();
    return {};
  }
  if (is_malformed(range)) {
    refuse(entry, counters.fragment_malformed);
    return {};
  }
  const wire::Bytes payload = wire::Bytes(packet.front()).subspan(header_size);
  if (range.offset == 0 && !has_whole_transport_header(datagram.protocol, payload)) {
    refuse(entry, counters.fragment_tiny);
    return {};
  }
  if (!fits(entry, range) || !take_mark(entry, packet.front())) return {};
  make_room(cost_of(packet), entry);
  insert(entry, range, std::move(packet), header_size);
  if (entry.size == 0 || entry.received != entry.size) return {};
  counters.datagrams_reassembled.add();
  return join(entry);
}

std::size_t Reassembler::waiting() const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [](const Entry& e) { return e.used; }));
}

void Reassembler::on_timer(Instant now) {
  expire(now);
}

void Reassembler::expire(Instant now) {
  Instant next = kNever;
  for (Entry& entry : entries_) {
    if (!entry.used) continue;
    if (entry.until > now) {
      next = std::min(next, entry.until);
      continue;
    }
    if (!entry.refused) resources_.counters.fragment_timeouts.add();
    forget(entry);
  }
  if (next != kNever) resources_.timers.arm(*this, next);
}

// The datagram's entry, or a new one in the place of the oldest: whoever floods us with fragments
// must not keep others out for a lifetime.
Reassembler::Entry& Reassembler::entry_for(const FragmentedDatagram& datagram) {
  const std::uint64_t hash = keyed_hash(key_, &datagram, sizeof datagram);
  Entry* free = nullptr;
  for (Entry& entry : entries_) {
    if (entry.used && entry.hash == hash && entry.datagram == datagram) return entry;
    if (!entry.used) free = &entry;
  }
  if (free == nullptr) {
    free = oldest();
    resources_.counters.fragment_evicted.add();
    forget(*free);
  }
  free->datagram = datagram;
  free->hash = hash;
  free->until = resources_.clock.now() + kLifetime;
  free->used = true;
  if (!armed()) resources_.timers.arm(*this, free->until);
  return *free;
}

Reassembler::Entry* Reassembler::oldest() {
  return &*std::min_element(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return a.until < b.until;  // a free one has kNever
  });
}

// Whether a fragment goes with those that are there. If it does not, the datagram is refused; but a
// copy that the network has made of one of them is dropped alone (RFC 8200 section 4.5).
bool Reassembler::fits(Entry& entry, const FragmentRange& range) {
  Counters& counters = resources_.counters;
  if (entry.count == kMostFragments) {
    refuse(entry, counters.fragment_too_many);
    return false;
  }
  const bool beyond =
      entry.size != 0 && (range.end() > entry.size || (range.last && range.end() != entry.size));
  bool overlaps = false;
  for (std::size_t i = 0; i < entry.count; ++i) {
    const FragmentRange& other = entry.pieces[i].range;
    if (other.offset == range.offset && other.size == range.size && other.last == range.last) {
      counters.fragment_duplicates.add();
      return false;
    }
    const bool behind_the_end = range.last && other.end() > range.end();
    overlaps =
        overlaps || behind_the_end || (other.offset < range.end() && range.offset < other.end());
  }
  if (!beyond && !overlaps) return true;
  refuse(entry, counters.fragment_overlaps);
  return false;
}

// RFC 3168 section 5.3. No router marks what cannot be marked: a datagram with both has been
// tampered with, and is refused.
bool Reassembler::take_mark(Entry& entry, wire::Bytes packet) {
  const wire::Ecn ecn = wire::ecn_of_packet(packet);
  entry.marked = entry.marked || ecn == wire::Ecn::kCongestion;
  entry.markable = entry.markable && ecn != wire::Ecn::kNotCapable;
  if (!entry.marked || entry.markable) return true;
  refuse(entry, resources_.counters.fragment_marks);
  return false;
}

// The datagrams that have waited longest give up their buffers.
void Reassembler::make_room(std::size_t bytes, const Entry& keep) {
  while (bytes_ + bytes > kMostBytes) {
    Entry* victim = nullptr;
    for (Entry& entry : entries_) {
      if (&entry == &keep || entry.count == 0) continue;
      if (victim == nullptr || entry.until < victim->until) victim = &entry;
    }
    if (victim == nullptr) return;  // what one datagram may hold is far below the bound
    resources_.counters.fragment_evicted.add();
    forget(*victim);
  }
}

// Not forgotten before its time: fragments still to come must not begin it anew.
void Reassembler::refuse(Entry& entry, Counter& reason) {
  reason.add();
  free_pieces(entry);
  entry.refused = true;
}

void Reassembler::insert(Entry& entry, const FragmentRange& range, Packet packet,
                         std::uint16_t header_size) {
  bytes_ += cost_of(packet);
  std::size_t at = entry.count++;
  for (; at > 0 && entry.pieces[at - 1].range.offset > range.offset; --at) {
    entry.pieces[at] = std::move(entry.pieces[at - 1]);
  }
  entry.pieces[at] = {range, header_size, std::move(packet)};
  entry.received += range.size;
  if (range.last) entry.size = range.end();
}

Packet Reassembler::join(Entry& entry) {
  Packet whole = std::move(entry.pieces[0].packet);
  bytes_ -= cost_of(whole);
  bool joined = true;
  for (std::size_t i = 1; i < entry.count; ++i) {
    Packet& piece = entry.pieces[i].packet;
    bytes_ -= cost_of(piece);
    joined = joined && piece.trim_front(entry.pieces[i].header_size) &&
             rte_pktmbuf_chain(whole.get(), piece.get()) == 0;
    if (joined) (void)piece.release();
    piece.reset();
  }
  entry.count = 0;
  if (entry.marked) wire::mark_congestion(whole.front().data());
  forget(entry);
  if (!joined) whole.reset();
  return whole;
}

void Reassembler::free_pieces(Entry& entry) {
  for (std::size_t i = 0; i < entry.count; ++i) {
    bytes_ -= cost_of(entry.pieces[i].packet);
    entry.pieces[i].packet.reset();
  }
  entry.count = 0;
}

void Reassembler::forget(Entry& entry) {
  free_pieces(entry);
  entry.used = false;
  entry.refused = false;
  entry.marked = false;
  entry.markable = true;
  entry.until = kNever;
  entry.size = 0;
  entry.received = 0;
}

}  // namespace sluice::ip
