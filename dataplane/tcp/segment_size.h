#pragma once

#include <cstdint>

#include "dataplane/wire/ip_address.h"
#include "dataplane/wire/tcp.h"

namespace sluice::tcp {

/// Bytes that the timestamps option takes in each segment, padding included (RFC 7323 appendix A).
inline constexpr std::uint16_t kTimestampOption = 12;

/// Bytes of the IP and TCP headers, both without options, in packets to a peer.
inline std::uint16_t headers_to(const wire::IpAddress& peer) {
  return static_cast<std::uint16_t>((peer.is_v4() ? 20U : 40U) + wire::TcpHeader::kMinimumSize);
}

/// The largest segment, TCP options and payload, in a packet of `mtu` bytes to a peer: what the MSS
/// option tells (RFC 6691). `mtu` must be larger than the headers.
inline std::uint16_t segment_size_within(std::uint16_t mtu, const wire::IpAddress& peer) {
  return static_cast<std::uint16_t>(mtu - headers_to(peer));
}

}  // namespace sluice::tcp
