#pragma once

#include <cstdint>

#include "dataplane/buffer/packet.h"
#include "dataplane/ip/address_table.h"
#include "dataplane/ip/arrival.h"
#include "dataplane/ip/counters.h"
#include "dataplane/wire/ipv6.h"

namespace sluice::ip {

/// Checks the IPv4 header at the start of `packet` (RFC 1122 section 3.2.1) and fills in the rest
/// of `arrival`, whose interface, link, sender and group flag are set. False, and counted, when the
/// packet must be dropped. A datagram is never dropped for its TTL: that is a router's business.
bool check_ipv4(const Packet& packet, const AddressTable& addresses, Counters& counters,
                Arrival& arrival);

/// The same for IPv6 (RFC 8200), up to where the extension headers begin: `payload_offset` and
/// `protocol` are left to check_extensions(). An unspecified source is let through to ICMPv6.
bool check_ipv6(const Packet& packet, const AddressTable& addresses, Counters& counters,
                Arrival& arrival);

/// Walks the extension headers of a packet that check_ipv6() let through. Only a result of kFound
/// or kFragment goes on; anything else was counted.
wire::Ipv6Payload check_extensions(const Packet& packet, Counters& counters, Arrival& arrival);

}  // namespace sluice::ip
