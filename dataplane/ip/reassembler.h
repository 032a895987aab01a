#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/base/keyed_hash.h"
#include "dataplane/base/time.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/buffer/packet.h"
#include "dataplane/ip/counters.h"
#include "dataplane/ip/resources.h"
#include "dataplane/wire/ip_address.h"

namespace sluice::ip {

/// What the fragments of one datagram have in common (RFC 791 section 3.2, RFC 8200 section 4.5).
struct FragmentedDatagram {
  wire::IpAddress source;
  wire::IpAddress destination;
  std::uint32_t identification = 0;
  std::uint32_t protocol = 0;

  friend bool operator==(const FragmentedDatagram&, const FragmentedDatagram&) = default;
};
static_assert(sizeof(FragmentedDatagram) == 40, "it is hashed as it lies in memory");

/// Where a fragment's payload belongs.
struct FragmentRange {
  std::uint32_t offset = 0;  ///< bytes; a multiple of 8
  std::uint32_t size = 0;    ///< bytes
  bool last = false;

  [[nodiscard]] std::uint32_t end() const { return offset + size; }
};

/// Puts fragments together, for one worker and within strict bounds. What is in doubt is dropped as
/// a whole: fragments that overlap (RFC 5722, and for IPv4 as well), first ones without the whole
/// transport header (RFC 1858, RFC 7112), ends that contradict each other. A datagram is marked
/// when one of its fragments is (RFC 3168 section 5.3).
class Reassembler final : private Timer {
 public:
  static constexpr std::size_t kMostDatagrams = 64;
  static constexpr std::size_t kMostFragments = 32;  ///< of a datagram
  /// Bytes of packet buffers, full or not.
  static constexpr std::size_t kMostBytes = 1 << 20;
  /// How long fragments are kept. RFC 1122 section 3.3.2 and RFC 8200 give them a minute, which is
  /// for networks of another time.
  static constexpr Duration kLifetime = std::chrono::seconds(5);
  /// The largest payload of a datagram: what its length field can tell.
  static constexpr std::uint32_t kLargest = 65535;

  explicit Reassembler(const Resources& resources);

  /// Takes a fragment. `packet` starts with the headers that the datagram's first fragment leaves
  /// in place (`header_size` bytes, in the first buffer), and ends with the fragment's payload.
  /// Returns the whole datagram when this was what it lacked: the first fragment's headers, as they
  /// came but for a congestion mark (the checksum of IPv4 is not mended), and all payload. What is
  /// dropped is counted.
  std::optional<Packet> add(const FragmentedDatagram& datagram, const FragmentRange& range,
                            Packet packet, std::uint16_t header_size);

  /// Datagrams that wait for fragments, or are known to be refused.
  [[nodiscard]] std::size_t waiting() const;
  /// Bytes of buffers held.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Piece {
    FragmentRange range;
    std::uint16_t header_size = 0;
    Packet packet;
  };
  struct Entry {
    FragmentedDatagram datagram;
    std::uint64_t hash = 0;
    Instant until = kNever;
    bool used = false;
    bool refused = false;        // what else comes of it is dropped
    bool marked = false;         // a fragment has met congestion
    bool markable = true;        // all that came may be marked
    std::uint32_t size = 0;      // of the whole payload; 0: not known yet
    std::uint32_t received = 0;  // of it
    std::size_t count = 0;
    std::array<Piece, kMostFragments> pieces;  // in the order of their offsets
  };

  void on_timer(Instant now) override;
  void expire(Instant now);
  Entry& entry_for(const FragmentedDatagram& datagram);
  [[nodiscard]] Entry* oldest();
  [[nodiscard]] bool fits(Entry& entry, const FragmentRange& range);
  [[nodiscard]] bool take_mark(Entry& entry, wire::Bytes packet);
  void make_room(std::size_t bytes, const Entry& keep);
  void refuse(Entry& entry, Counter& reason);
  void insert(Entry& entry, const FragmentRange& range, Packet packet, std::uint16_t header_size);
  [[nodiscard]] Packet join(Entry& entry);
  void free_pieces(Entry& entry);
  void forget(Entry& entry);

  Resources resources_;
  HashKey key_ = random_hash_key();
  std::vector<Entry> entries_;
  std::size_t bytes_ = 0;
};

}  // namespace sluice::ip
