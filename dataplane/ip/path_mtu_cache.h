#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/base/keyed_hash.h"
#include "dataplane/base/time.h"
#include "dataplane/wire/ip_address.h"

namespace sluice::ip {

/// Destinations whose path carries less than its first hop, of one worker. A bounded table: each
/// destination has a few places of its hash's, and the one that would be forgotten first makes
/// room.
class PathMtuCache {
 public:
  static constexpr std::size_t kSets = 512;
  static constexpr std::size_t kPlaces = 4;  ///< of each set
  /// How long a path is held to be narrow (RFC 8201 section 4, RFC 1191 section 6.3).
  static constexpr Duration kLifetime = std::chrono::minutes(10);

  PathMtuCache(const Clock& clock, const HashKey& key) : clock_(clock), key_(key), sets_(kSets) {}

  /// The largest packet to begin with, bytes: `mtu`, the first hop's, or what is known to be less.
  [[nodiscard]] std::uint16_t limit(const wire::IpAddress& destination, std::uint16_t mtu) const;

  /// Remembers that a path carries `mtu` bytes at most. More than what is known changes nothing.
  void note(const wire::IpAddress& destination, std::uint16_t mtu);

 private:
  struct Entry {
    wire::IpAddress destination;
    Instant until{};  // the entry is free from then on
    std::uint16_t mtu = 0;
  };
  using Set = std::array<Entry, kPlaces>;

  [[nodiscard]] std::size_t index_of(const wire::IpAddress& destination) const;
  [[nodiscard]] bool holds(const Entry& entry, const wire::IpAddress& destination) const {
    return entry.destination == destination && entry.until > clock_.now();
  }

  const Clock& clock_;
  HashKey key_;
  std::vector<Set> sets_;
};

}  // namespace sluice::ip
