#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ip_address.h"

namespace sluice::wire {

/// The fixed IPv6 header over received bytes (RFC 8200).
class Ipv6Header {
 public:
  static constexpr std::size_t kSize = 40;

  /// A view of the header at the start of `bytes`, the first buffer of a packet of `packet_size`
  /// bytes. Nothing when the version is another, the header is not whole, or the payload says it
  /// is longer than the packet. A jumbogram (RFC 2675) has a payload length of zero and is read as
  /// an empty one.
  static std::optional<Ipv6Header> parse(Bytes bytes, std::size_t packet_size) {
    auto header = parse_quoted(bytes);
    if (!header || header->total_length() > packet_size) return {};
    return header;
  }
  static std::optional<Ipv6Header> parse(Bytes packet) { return parse(packet, packet.size()); }

  /// As parse(), for a packet that may have been cut behind its header, as in an ICMPv6 error.
  static std::optional<Ipv6Header> parse_quoted(Bytes bytes) {
    if (bytes.size() < kSize || bytes[0] >> 4 != 6) return {};
    return Ipv6Header(bytes.data());
  }

  /// Bytes in the packet, this header included.
  [[nodiscard]] std::size_t total_length() const { return kSize + load_be16(at_ + 4); }
  /// DSCP and ECN bits.
  [[nodiscard]] std::uint8_t traffic_class() const {
    return static_cast<std::uint8_t>(load_be16(at_) >> 4);
  }
  [[nodiscard]] std::uint8_t next_header() const { return at_[6]; }
  [[nodiscard]] std::uint8_t hop_limit() const { return at_[7]; }
  [[nodiscard]] IpAddress source() const { return IpAddress::v6(at_ + 8); }
  [[nodiscard]] IpAddress destination() const { return IpAddress::v6(at_ + 24); }

 private:
  explicit Ipv6Header(const std::uint8_t* at) : at_(at) {}
  const std::uint8_t* at_;
};

/// What a walk over the extension headers of a received packet has found.
struct Ipv6Payload {
  enum class Outcome : std::uint8_t {
    kFound,           ///< `protocol` begins at `offset`
    kFragment,        ///< a part of a packet; its fragment header begins at `offset`
    kTruncated,       ///< a header reaches beyond the packet or its first buffer
    kTooManyHeaders,  ///< more than kMostHeaders
    kDiscard,         ///< an option asks for the packet to be dropped in silence
    // The packet is to be answered with an ICMPv6 parameter problem about the byte at `offset`:
    kBadField,                  ///< code 0: a routing header with segments left
    kUnknownNextHeader,         ///< code 1: hop-by-hop options elsewhere than first
    kUnknownOption,             ///< code 2: an option that must be understood
    kUnknownOptionUnicastOnly,  ///< code 2, unless the destination was a multicast address
  };

  /// No sender in good faith comes near this (RFC 8504 section 5.3 lets a host set a limit).
  static constexpr unsigned kMostHeaders = 8;

  Outcome outcome = Outcome::kFound;
  std::uint8_t protocol = 0;
  // Bytes from the start of the IPv6 header:
  std::size_t offset = 0;
  /// Where `protocol` stands, or what says that a fragment header follows; meaningful for kFound
  /// and kFragment.
  std::uint32_t next_header_field = 0;

  /// Walks from the fixed header, which parse() has found good, to the transport header. `packet`
  /// starts at the IPv6 header and holds what is contiguous of it. A routing header without
  /// segments left is passed over whatever its type (RFC 8200 section 4.4, RFC 5095), and so is the
  /// header of a fragment that is the whole packet (RFC 6946).
  static Ipv6Payload find(const Ipv6Header& header, Bytes packet);
};

/// A fragment header over received bytes (RFC 8200 section 4.5).
class Ipv6Fragment {
 public:
  static constexpr std::size_t kSize = 8;

  /// Nothing when it is not whole.
  static std::optional<Ipv6Fragment> parse(Bytes bytes) {
    if (bytes.size() < kSize) return {};
    return Ipv6Fragment(bytes);
  }
  [[nodiscard]] std::uint8_t next_header() const { return bytes_[0]; }
  /// Of the first byte, in bytes.
  [[nodiscard]] std::uint32_t offset() const { return load_be16(&bytes_[2]) & 0xfff8U; }
  [[nodiscard]] bool more_fragments() const { return (bytes_[3] & 1) != 0; }
  [[nodiscard]] std::uint32_t identification() const { return load_be32(&bytes_[4]); }

 private:
  explicit Ipv6Fragment(Bytes bytes) : bytes_(bytes) {}
  Bytes bytes_;
};

struct Ipv6HeaderFields {
  std::uint16_t payload_length;
  std::uint8_t next_header;
  std::uint8_t hop_limit;
  std::uint8_t traffic_class;
  IpAddress source;
  IpAddress destination;
};

/// Writes Ipv6Header::kSize bytes, with a flow label of zero.
void write_ipv6_header(std::uint8_t* out, const Ipv6HeaderFields& fields);

}  // namespace sluice::wire
