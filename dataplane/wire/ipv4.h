#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ip_address.h"

namespace sluice::wire {

/// An IPv4 header over received bytes (RFC 791).
class Ipv4Header {
 public:
  static constexpr std::size_t kMinimumSize = 20;

  /// A view of the header at the start of `bytes`, the first buffer of a packet of `packet_size`
  /// bytes. Nothing when the version is another, the header is not whole, or the datagram says it
  /// is longer than the packet or shorter than its header.
  static std::optional<Ipv4Header> parse(Bytes bytes, std::size_t packet_size) {
    auto header = parse_quoted(bytes);
    if (!header || header->total_length() < header->size() ||
        header->total_length() > packet_size) {
      return {};
    }
    return header;
  }
  static std::optional<Ipv4Header> parse(Bytes packet) { return parse(packet, packet.size()); }

  /// As parse(), for a datagram that may have been cut behind its header, as in an ICMP error.
  static std::optional<Ipv4Header> parse_quoted(Bytes bytes) {
    if (bytes.size() < kMinimumSize || bytes[0] >> 4 != 4) return {};
    const std::size_t size = static_cast<std::size_t>(bytes[0] & 0x0f) * 4;
    if (size < kMinimumSize || size > bytes.size()) return {};
    return Ipv4Header(bytes.first(size));
  }

  /// Bytes in the header, options included.
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  /// Bytes in the datagram, header included.
  [[nodiscard]] std::uint16_t total_length() const { return load_be16(&bytes_[2]); }
  /// DSCP and ECN bits.
  [[nodiscard]] std::uint8_t traffic_class() const { return bytes_[1]; }
  [[nodiscard]] bool is_fragment() const { return (load_be16(&bytes_[6]) & 0x3fff) != 0; }
  [[nodiscard]] std::uint16_t identification() const { return load_be16(&bytes_[4]); }
  [[nodiscard]] bool more_fragments() const { return (bytes_[6] & 0x20) != 0; }
  /// Of the first byte, in bytes.
  [[nodiscard]] std::size_t fragment_offset() const {
    return static_cast<std::size_t>(load_be16(&bytes_[6]) & 0x1fff) * 8;
  }
  [[nodiscard]] std::uint8_t ttl() const { return bytes_[8]; }
  [[nodiscard]] std::uint8_t protocol() const { return bytes_[9]; }
  [[nodiscard]] IpAddress source() const { return IpAddress::v4(&bytes_[12]); }
  [[nodiscard]] IpAddress destination() const { return IpAddress::v4(&bytes_[16]); }

  [[nodiscard]] bool checksum_verifies() const;
  /// Whether a source route option is there (loose or strict), or the option list is malformed.
  [[nodiscard]] bool has_source_route() const;

 private:
  explicit Ipv4Header(Bytes bytes) : bytes_(bytes) {}
  Bytes bytes_;
};

/// An IPv4 header to be sent, without options, with "don't fragment" set and, as RFC 6864 allows
/// for such a datagram, an identification of zero.
struct Ipv4HeaderFields {
  std::uint16_t total_length;
  std::uint8_t protocol;
  std::uint8_t ttl;
  std::uint8_t traffic_class;
  IpAddress source;
  IpAddress destination;
};

/// Writes Ipv4Header::kMinimumSize bytes, with a checksum of zero.
void write_ipv4_header(std::uint8_t* out, const Ipv4HeaderFields& fields);

/// Makes the header of a first fragment that of the whole datagram. `header` is one that
/// Ipv4Header::parse() has found good; `total_length` counts it, bytes.
void mend_reassembled_ipv4(std::uint8_t* header, std::uint16_t total_length);

/// Fills in the checksum of a header that write_ipv4_header() wrote.
void finish_ipv4_checksum(std::uint8_t* header);

}  // namespace sluice::wire
