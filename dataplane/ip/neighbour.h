#pragma once

#include <array>
#include <cstdint>

#include "dataplane/base/time.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/ip/interface.h"
#include "dataplane/ip/pending_packets.h"
#include "dataplane/port/link.h"
#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/ip_address.h"
#include "dataplane/wire/mac_address.h"

namespace sluice::ip {

class NeighbourTable;

/// What is known of a neighbour's link-layer address (after RFC 4861 section 7.3.2, for ARP too).
/// There is no DELAY state: without hints from TCP it would only put the probe off.
enum class NeighbourState : std::uint8_t {
  kFree,        ///< the entry names nobody
  kIncomplete,  ///< asked for; packets wait
  kReachable,   ///< confirmed a short while ago
  kStale,       ///< used as it is; the next use asks for a confirmation
  kProbe,       ///< used as it is, while the confirmation is awaited
  kFailed,      ///< did not answer; packets are refused until the entry is forgotten
};

/// A host on a link of ours. Entries are made, changed and reused by NeighbourTable alone.
class Neighbour final : private Timer {
 public:
  [[nodiscard]] NeighbourState state() const { return state_; }
  [[nodiscard]] InterfaceId interface() const { return interface_; }
  [[nodiscard]] const wire::IpAddress& address() const { return address_; }
  /// Where it was learnt, and where frames for it go. Meaningful once it was resolved, as mac().
  [[nodiscard]] port::PortId port() const { return port_; }
  [[nodiscard]] wire::MacAddress mac() const { return wire::MacAddress::from(header_.data()); }

 private:
  friend class NeighbourTable;

  void on_timer(Instant now) override;

  static constexpr std::uint32_t kNoNeighbour = ~std::uint32_t{0};

  std::array<std::uint8_t, wire::EthernetHeader::kSize> header_{};  // of every frame to it
  NeighbourState state_ = NeighbourState::kFree;
  std::uint8_t solicitations_ = 0;  // unanswered ones of the present state
  port::PortId port_;
  InterfaceId interface_;
  std::uint32_t generation_ = 1;  // changes with each new meaning of the entry; never zero
  std::uint32_t index_ = 0;
  std::uint32_t next_in_bucket_ = kNoNeighbour;
  PendingPackets::Queue pending_;
  wire::IpAddress address_;
  Instant since_{};  // when the state began
  NeighbourTable* table_ = nullptr;
};

}  // namespace sluice::ip
