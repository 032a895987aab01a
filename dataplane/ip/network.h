#pragma once

#include <span>
#include <vector>

#include "dataplane/base/keyed_hash.h"
#include "dataplane/base/time.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/buffer/packet_pool.h"
#include "dataplane/ip/address_table.h"
#include "dataplane/ip/arp.h"
#include "dataplane/ip/config.h"
#include "dataplane/ip/counters.h"
#include "dataplane/ip/delivery_reports.h"
#include "dataplane/ip/egress.h"
#include "dataplane/ip/icmp.h"
#include "dataplane/ip/interface.h"
#include "dataplane/ip/interface_config.h"
#include "dataplane/ip/neighbour_discovery.h"
#include "dataplane/ip/neighbour_table.h"
#include "dataplane/ip/output.h"
#include "dataplane/ip/path_mtu_cache.h"
#include "dataplane/ip/receiver.h"
#include "dataplane/ip/resources.h"
#include "dataplane/ip/route_table.h"
#include "dataplane/ip/transport.h"

namespace sluice::ip {

/// One worker's IP layer: all interfaces of the host as this worker uses them, with neighbours,
/// timers and counters of its own. Every worker has one, made from the same configuration, and sees
/// every ARP and neighbour discovery frame; only one of them answers.
class Network final : public Egress, private NeighbourClient {
 public:
  /// `answers_neighbours`: true for one worker of the process. What is lent must outlive this.
  /// Throws std::invalid_argument when the configuration contradicts itself (an interface without a
  /// port, an address twice, a gateway that is not on the link).
  Network(std::span<const InterfaceConfig> interfaces, const Clock& clock, TimerWheel& timers,
          PacketPool& pool, port::Link& link, const HashKey& key, bool answers_neighbours,
          const Config& config = {});
  ~Network() = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// Must be called before the first frame is received.
  void set_transport(Transport& transport);

  /// Tells the neighbours all own addresses, on the worker that answers; others do nothing. To be
  /// called when the ports are up.
  void announce();

  /// Takes the frames of one burst from a port. Each packet must belong to this worker alone: a
  /// frame that goes to several of them is a copy or a clone for each. Calls Transport::receive()
  /// once for every 64 datagrams, at most once for a burst of up to 64 frames, and
  /// Transport::delivery_failed() for ICMP errors.
  void receive(port::PortId port, std::span<Packet> frames);

  /// Takes a datagram that the frames received before have completed, if there is one, until there
  /// are none. It belongs to the worker that owns its flow, whose receive() takes it as a frame.
  std::optional<ReassembledFrame> take_reassembled() { return receiver_.take_reassembled(); }

  /// Begins to ask for the next hop to a destination if it is not known. False while the answer is
  /// awaited: the few packets that may wait for it are soon too many. True when it is known, or
  /// there is nothing to wait for: no route, or a neighbour that does not answer.
  [[nodiscard]] bool prepare_way(const wire::IpAddress& destination) {
    return output_.prepare_way(destination);
  }

  /// Whether an address is a unicast address of this host.
  [[nodiscard]] bool owns(const wire::IpAddress& address) const { return addresses_.owns(address); }

  /// Forgets the neighbours behind a port.
  void port_went_down(port::PortId port);

  std::optional<Path> path_to(const wire::IpAddress& destination) override;
  void note_path_mtu(const wire::IpAddress& destination, std::uint16_t mtu) override;
  /// As Egress says. Transport::delivery_failed() for an unresolved neighbour is never called from
  /// inside, but from a timer a tick later.
  void send_tcp(Packet segment, const wire::IpAddress& source, const wire::IpAddress& destination,
                NextHop& next_hop, wire::Ecn ecn) override;
  [[nodiscard]] bool has_room(const NextHop& next_hop) override;

  [[nodiscard]] std::span<const Interface> interfaces() const { return interfaces_; }
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  void solicit(const Neighbour& neighbour) override;
  void unresolved(Packet packet) override;

  Counters counters_;
  Resources resources_;
  bool answers_;
  std::vector<Interface> interfaces_;
  AddressTable addresses_;
  RouteTable routes_;
  NeighbourTable neighbours_;
  Arp arp_;
  NeighbourDiscovery discovery_;
  DeliveryReports reports_;
  PathMtuCache path_mtus_;
  Output output_;
  Icmp icmp_;
  Receiver receiver_;
};

}  // namespace sluice::ip
