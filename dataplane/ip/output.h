#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/buffer/packet.h"
#include "dataplane/ip/address_table.h"
#include "dataplane/ip/egress.h"
#include "dataplane/ip/interface.h"
#include "dataplane/ip/neighbour_table.h"
#include "dataplane/ip/path_mtu_cache.h"
#include "dataplane/ip/resources.h"
#include "dataplane/ip/route_table.h"

namespace sluice::ip {

/// The IP header of a packet to be sent.
struct OutgoingHeader {
  wire::IpAddress source;
  wire::IpAddress destination;
  std::uint8_t protocol = 0;
  std::uint8_t traffic_class = 0;
};

/// The way down: route, IP header, neighbour.
class Output {
 public:
  static constexpr std::uint8_t kHopLimit = 64;

  Output(const Resources& resources, std::span<const Interface> interfaces,
         const AddressTable& addresses, const RouteTable& routes, NeighbourTable& neighbours,
         const PathMtuCache& path_mtus)
      : resources_(resources),
        interfaces_(interfaces),
        addresses_(addresses),
        routes_(routes),
        neighbours_(neighbours),
        path_mtus_(path_mtus) {}

  /// As Egress::path_to().
  [[nodiscard]] std::optional<Path> path_to(const wire::IpAddress& destination);

  /// As Egress::send_tcp().
  void send_tcp(Packet segment, const wire::IpAddress& source, const wire::IpAddress& destination,
                NextHop& next_hop, wire::Ecn ecn);

  /// As Egress::has_room().
  [[nodiscard]] bool has_room(const NextHop& next_hop) const;

  /// Sends a packet that starts behind its IP header and has kEgressHeadroom in front; its own
  /// checksum is finished. What cannot be sent is dropped and counted.
  void send(Packet payload, const OutgoingHeader& header);

  /// As Network::prepare_way().
  [[nodiscard]] bool prepare_way(const wire::IpAddress& destination);

 private:
  [[nodiscard]] std::optional<Route> route(const wire::IpAddress& source,
                                           const wire::IpAddress& destination) const;
  [[nodiscard]] std::optional<Route> link_local_route(const wire::IpAddress& destination);
  [[nodiscard]] Neighbour* next_neighbour(const wire::IpAddress& source,
                                          const wire::IpAddress& destination);
  void emit(Neighbour& neighbour, Packet payload, const OutgoingHeader& header);

  Resources resources_;
  std::span<const Interface> interfaces_;
  const AddressTable& addresses_;
  const RouteTable& routes_;
  NeighbourTable& neighbours_;
  const PathMtuCache& path_mtus_;
};

}  // namespace sluice::ip
