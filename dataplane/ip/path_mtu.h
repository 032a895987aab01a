#pragma once

#include <cstdint>
#include <optional>

namespace sluice::ip {

/// The least MTU of an IPv6 path (RFC 8200 section 5).
inline constexpr std::uint16_t kLeastMtuV6 = 1280;

/// What a "fragmentation needed" message says of a path: `claimed` is the next hop's MTU, zero from
/// a router that does not tell it (RFC 1191 section 5), `packet_size` the length of the datagram it
/// quotes, both in bytes. Nothing when the message contradicts itself: the datagram would have
/// passed, or was no larger than `minimum`. What is smaller than `minimum` counts as `minimum`.
std::optional<std::uint16_t> claimed_path_mtu_v4(std::uint32_t claimed, std::uint32_t packet_size,
                                                 std::uint16_t minimum);

/// The same of an ICMPv6 "packet too big". One that claims less than any link may have is ignored
/// (RFC 8201 section 4).
std::optional<std::uint16_t> claimed_path_mtu_v6(std::uint32_t claimed, std::uint32_t packet_size);

}  // namespace sluice::ip
