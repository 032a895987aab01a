#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ip_address.h"

namespace sluice::wire {

/// ICMP message types (RFC 792).
enum IcmpType : std::uint8_t {
  kIcmpEchoReply = 0,
  kIcmpUnreachable = 3,
  kIcmpEchoRequest = 8,
  kIcmpTimeExceeded = 11,
  kIcmpParameterProblem = 12,
};

/// Codes of kIcmpUnreachable (RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1).
enum IcmpUnreachableCode : std::uint8_t {
  kIcmpProtocolUnreachable = 2,
  kIcmpPortUnreachable = 3,
  kIcmpFragmentationNeeded = 4,
  kIcmpNetworkProhibited = 9,
  kIcmpHostProhibited = 10,
  kIcmpCommunicationProhibited = 13,
  kIcmpPrecedenceViolation = 14,
  kIcmpPrecedenceCutoff = 15,
};

/// ICMPv6 message types (RFC 4443, RFC 4861). Those below 128 are errors.
enum Icmpv6Type : std::uint8_t {
  kIcmpv6Unreachable = 1,
  kIcmpv6PacketTooBig = 2,
  kIcmpv6TimeExceeded = 3,
  kIcmpv6ParameterProblem = 4,
  kIcmpv6EchoRequest = 128,
  kIcmpv6EchoReply = 129,
  kIcmpv6NeighbourSolicitation = 135,
  kIcmpv6NeighbourAdvertisement = 136,
};

/// Codes of kIcmpv6Unreachable (RFC 4443 section 3.1).
enum Icmpv6UnreachableCode : std::uint8_t {
  kIcmpv6NoRoute = 0,
  kIcmpv6Prohibited = 1,
  kIcmpv6BeyondScope = 2,
  kIcmpv6AddressUnreachable = 3,
  kIcmpv6PortUnreachable = 4,
  kIcmpv6PolicyFailed = 5,
  kIcmpv6RouteRejected = 6,
};

/// Codes of kIcmpv6ParameterProblem (RFC 4443 section 3.4).
enum Icmpv6ParameterCode : std::uint8_t {
  kIcmpv6ErroneousField = 0,
  kIcmpv6UnknownNextHeader = 1,
  kIcmpv6UnknownOption = 2,
};

/// The header of an ICMP or ICMPv6 message over received bytes.
class IcmpHeader {
 public:
  static constexpr std::size_t kSize = 8;

  /// A view of the header and of what is contiguous behind it, or nothing when it is not whole.
  static std::optional<IcmpHeader> parse(Bytes message) {
    if (message.size() < kSize) return {};
    return IcmpHeader(message);
  }

  [[nodiscard]] std::uint8_t type() const { return bytes_[0]; }
  [[nodiscard]] std::uint8_t code() const { return bytes_[1]; }
  [[nodiscard]] std::uint16_t checksum() const { return load_be16(&bytes_[2]); }
  /// Of kIcmpFragmentationNeeded (RFC 1191); zero from a router that does not know it.
  [[nodiscard]] std::uint16_t next_hop_mtu() const { return load_be16(&bytes_[6]); }
  /// Of kIcmpv6PacketTooBig.
  [[nodiscard]] std::uint32_t mtu() const { return load_be32(&bytes_[4]); }
  /// What follows the header: in an error, the start of the packet it is about.
  [[nodiscard]] Bytes body() const { return bytes_.subspan(kSize); }

 private:
  explicit IcmpHeader(Bytes bytes) : bytes_(bytes) {}
  Bytes bytes_;
};

/// Writes IcmpHeader::kSize bytes, with a checksum of zero. `rest` is the second half: identifier
/// and sequence number, MTU or pointer.
void write_icmp_header(std::uint8_t* out, std::uint8_t type, std::uint8_t code, std::uint32_t rest);

/// The start of a TCP segment of ours as an ICMP error, or a packet that could not be delivered,
/// shows it: the addresses and the first eight bytes behind them.
struct QuotedSegment {
  IpAddress source;
  IpAddress destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t sequence = 0;
  std::uint32_t packet_size = 0;  ///< as its IP header says, bytes

  /// Reads bytes that begin with an IPv4 or IPv6 header of the given family. Nothing when they are
  /// too short, of another family or protocol, or a later fragment. IPv6 extension headers are not
  /// looked behind: what Sluice sends has none.
  static std::optional<QuotedSegment> parse_v4(Bytes packet);
  static std::optional<QuotedSegment> parse_v6(Bytes packet);
  /// Of either family, as the version field says.
  static std::optional<QuotedSegment> parse(Bytes packet);
};

/// Whether an ICMP message of this type is an error that quotes a packet. RFC 792's source
/// quench and redirect are none: they are never acted on (RFC 6633; a redirect is not trusted).
inline bool is_icmp_error(std::uint8_t type) {
  return type == kIcmpUnreachable || type == kIcmpTimeExceeded || type == kIcmpParameterProblem;
}
inline bool is_icmpv6_error(std::uint8_t type) {
  return type < 128;
}

}  // namespace sluice::wire
