#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/ip/egress.h"
#include "dataplane/ip/interface.h"
#include "dataplane/ip/neighbour.h"
#include "dataplane/ip/pending_packets.h"
#include "dataplane/ip/resources.h"
#include "dataplane/ip/token_bucket.h"

namespace sluice::ip {

/// What a neighbour table asks of the protocols around it.
class NeighbourClient {
 public:
  /// Asks for the neighbour's address: all ports of its interface while it is kIncomplete, the
  /// neighbour itself otherwise.
  virtual void solicit(const Neighbour& neighbour) = 0;
  /// A packet, beginning with its IP header, was for a neighbour that does not answer. Must not
  /// call the table.
  virtual void unresolved(Packet packet) = 0;

 protected:
  ~NeighbourClient() = default;
};

/// A neighbour's link-layer address as a frame has told it.
struct NeighbourReport {
  InterfaceId interface;
  port::PortId port;  ///< where the frame came in
  wire::IpAddress address;
  wire::MacAddress mac;
};

/// The neighbours of all interfaces, which ARP and neighbour discovery share: a bounded table,
/// whose entries age, with bounded queues of packets that wait. When it is full, the entry that is
/// worth least among a few gives way, so that a scanner displaces its own entries and not those in
/// use.
class NeighbourTable {
 public:
  static constexpr std::uint32_t kCapacity = 4096;
  static constexpr std::uint16_t kPendingPerNeighbour = 64;
  static constexpr std::uint16_t kPendingInAll = 1024;

  /// Unanswered solicitations before a neighbour is given up (RFC 4861 section 10).
  static constexpr std::uint8_t kSolicitations = 3;
  /// How long the first solicitation for an unknown address waits; each further one waits double.
  static constexpr Duration kFirstWait = std::chrono::milliseconds(300);
  /// Between two probes of a known address.
  static constexpr Duration kProbeWait = std::chrono::seconds(1);
  /// How long a confirmation holds; a random factor from 0.5 to 1.5 keeps hosts from acting in
  /// step.
  static constexpr Duration kReachableTime = std::chrono::seconds(30);
  /// An unused address is forgotten after this.
  static constexpr Duration kStaleTime = std::chrono::minutes(10);
  /// How long packets are refused after a neighbour was given up.
  static constexpr Duration kHoldOff = std::chrono::seconds(2);
  /// Solicitations a second for unknown addresses, over all of them, and how many at once.
  static constexpr std::uint32_t kSolicitationRate = 1000;
  static constexpr std::uint32_t kSolicitationBurst = 500;

  NeighbourTable(const Resources& resources, std::span<const Interface> interfaces,
                 NeighbourClient& client, std::uint32_t capacity = kCapacity);

  /// The neighbour of a connection's note; nullptr when the note is out of date, or was never made.
  [[nodiscard]] Neighbour* noted(const NextHop& note) {
    if (note.neighbour >= capacity_) return nullptr;
    Neighbour& neighbour = entries_[note.neighbour];
    return neighbour.generation_ == note.generation ? &neighbour : nullptr;
  }
  [[nodiscard]] static NextHop note(const Neighbour& neighbour) {
    return {neighbour.index_, neighbour.generation_};
  }

  /// nullptr when nothing is known of the address.
  [[nodiscard]] Neighbour* find(InterfaceId interface, const wire::IpAddress& address);
  /// The entry of an address; begins to ask for an unknown one.
  [[nodiscard]] Neighbour& resolve(InterfaceId interface, const wire::IpAddress& address);

  /// Sends a packet, which begins with its IP header and has headroom for Ethernet; or lets it
  /// wait, or refuses it through the client.
  void send(Neighbour& neighbour, Packet packet);

  /// The sender of a request, or of an announcement nobody asked for, is known by its address, but
  /// not known to hear us. `create` makes an entry if there is none.
  void learn(const NeighbourReport& report, bool create);

  /// A neighbour has advertised its address. `solicited` and `override_cache` as in RFC 4861
  /// section 7.2.5. Ignored when there is no entry.
  void confirm(const NeighbourReport& report, bool solicited, bool override_cache);
  /// As confirm(), for an advertisement without an address in it.
  void confirm_without_address(InterfaceId interface, const wire::IpAddress& address,
                               bool solicited);

  /// Forgets the neighbours behind a port.
  void forget(port::PortId port);

 private:
  friend class Neighbour;

  void expired(Neighbour& neighbour);
  void enter(Neighbour& neighbour, NeighbourState state);
  void solicit_again(Neighbour& neighbour);
  void solicit(Neighbour& neighbour);
  void give_up(Neighbour& neighbour);
  void set_address(Neighbour& neighbour, const NeighbourReport& report);
  [[nodiscard]] static bool differs(const Neighbour& neighbour, const NeighbourReport& report);

  void transmit(const Neighbour& neighbour, Packet packet);
  void enqueue(Neighbour& neighbour, Packet packet);
  void release_pending(Neighbour& neighbour);
  void drop_pending(Neighbour& neighbour);

  Neighbour& create(InterfaceId interface, const wire::IpAddress& address);
  Neighbour& least_valuable();
  void remove(Neighbour& neighbour);
  [[nodiscard]] std::uint32_t& bucket(InterfaceId interface, const wire::IpAddress& address);
  [[nodiscard]] Duration random_reachable_time();

  Resources resources_;
  std::span<const Interface> interfaces_;
  NeighbourClient& client_;
  TokenBucket solicitation_bucket_;
  std::uint32_t capacity_;
  std::unique_ptr<Neighbour[]> entries_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> buckets_;  // heads of chains through next_in_bucket_
  std::uint32_t eviction_hand_ = 0;
  std::uint64_t random_state_;
  PendingPackets pending_;
};

}  // namespace sluice::ip
