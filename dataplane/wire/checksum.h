#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ip_address.h"

struct rte_mbuf;

namespace sluice::wire {

/// The internet checksum (RFC 1071), summed up piece by piece. Pieces may have any length, odd ones
/// included: each continues where the last one ended.
///
/// At most 2^33 bytes may be added; no packet comes near that.
class InternetSum {
 public:
  void add(Bytes bytes);
  /// A 16-bit field, in host order. What was added before must have an even length.
  void add_word(std::uint16_t value) { sum_ += __builtin_bswap16(value); }
  /// An address: 4 or 16 bytes. What was added before must have an even length.
  void add(const IpAddress& address);
  /// The bytes of a chain of buffers, from `offset` (at most its length) to its end.
  void add_chain(const rte_mbuf& packet, std::size_t offset);

  /// The folded sum, in host order, not complemented: what a port that finishes the checksum wants
  /// to find in the checksum field when only the pseudo-header was added.
  [[nodiscard]] std::uint16_t sum() const;
  /// The value of the checksum field, in host order: the complement of sum().
  [[nodiscard]] std::uint16_t checksum() const { return static_cast<std::uint16_t>(~sum()); }
  /// Whether what was added, checksum field included, is undamaged.
  [[nodiscard]] bool verifies() const { return sum() == 0xffff; }

 private:
  std::uint64_t sum_ = 0;  // of 16-bit words in memory order
  bool odd_ = false;       // the next byte is the second one of a word
};

/// The sum over the pseudo-header of TCP, UDP and ICMPv6 (RFC 9293 section 3.1, RFC 8200 section
/// 8.1). `length` counts the transport header and its payload; it is zero for a port that segments.
InternetSum pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                              std::uint8_t protocol, std::uint32_t length);

/// The checksum after one 16-bit field under it has changed (RFC 1624). All in host order.
std::uint16_t updated_checksum(std::uint16_t checksum, std::uint16_t old_value,
                               std::uint16_t new_value);

}  // namespace sluice::wire
