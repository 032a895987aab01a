#pragma once

#include <cstdint>

#include "dataplane/buffer/packet.h"
#include "dataplane/ip/arrival.h"
#include "dataplane/ip/config.h"
#include "dataplane/ip/neighbour_discovery.h"
#include "dataplane/ip/output.h"
#include "dataplane/ip/resources.h"
#include "dataplane/ip/token_bucket.h"
#include "dataplane/ip/transport.h"
#include "dataplane/wire/icmp.h"

namespace sluice::ip {

/// ICMP (RFC 792, RFC 1122 section 3.2.2) and ICMPv6 (RFC 4443): echo, errors about our segments,
/// errors about packets we refuse.
class Icmp {
 public:
  /// Limits for each worker: a second, and at once.
  static constexpr std::uint32_t kEchoRate = 1000;
  static constexpr std::uint32_t kEchoBurst = 200;
  static constexpr std::uint32_t kErrorRate = 100;
  static constexpr std::uint32_t kErrorBurst = 50;

  Icmp(const Resources& resources, NeighbourDiscovery& discovery, Output& output,
       const Config& config)
      : resources_(resources),
        discovery_(discovery),
        output_(output),
        path_mtu_minimum_(config.path_mtu_minimum),
        echo_bucket_(resources.clock, kEchoRate, kEchoBurst),
        error_bucket_(resources.clock, kErrorRate, kErrorBurst) {}

  void set_transport(Transport& transport) { transport_ = &transport; }

  /// Messages that start at the ICMP header and end with the packet.
  void receive_v4(const Arrival& arrival, Packet message);
  void receive_v6(const Arrival& arrival, Packet message);

  /// Answers a packet that we do not serve with an error, within the rate limit and never a packet
  /// to a group (RFC 1122 section 3.2.2, RFC 4443 section 2.4). `packet` is what is contiguous of
  /// it from its IP header on; it must not be an ICMP error. `pointer`: of an ICMPv6 parameter
  /// problem, else zero.
  void refuse(const Arrival& arrival, wire::Bytes packet, std::uint8_t type, std::uint8_t code,
              std::uint32_t pointer = 0);

 private:
  void answer_echo(const Arrival& arrival, Packet request, std::uint8_t reply_type);
  void report(const Arrival& arrival, const std::optional<wire::QuotedSegment>& segment,
              std::optional<DeliveryProblem> problem, std::uint32_t mtu);

  Resources resources_;
  NeighbourDiscovery& discovery_;
  Output& output_;
  std::uint16_t path_mtu_minimum_;
  TokenBucket echo_bucket_;
  TokenBucket error_bucket_;
  Transport* transport_ = nullptr;
};

}  // namespace sluice::ip
