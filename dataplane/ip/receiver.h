#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/buffer/packet.h"
#include "dataplane/ip/address_table.h"
#include "dataplane/ip/arp.h"
#include "dataplane/ip/arrival.h"
#include "dataplane/ip/config.h"
#include "dataplane/ip/icmp.h"
#include "dataplane/ip/reassembler.h"
#include "dataplane/ip/resources.h"
#include "dataplane/ip/transport.h"
#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/ipv6.h"

namespace sluice::ip {

/// A datagram put together of fragments, in a frame as if it had come whole.
struct ReassembledFrame {
  port::PortId port;
  Packet frame;
};

/// The way up: from Ethernet frames to TCP datagrams, a burst at a time.
class Receiver {
 public:
  /// Datagrams handed up at once. A larger burst of frames is handed up in parts.
  static constexpr std::size_t kBurst = 64;

  Receiver(const Resources& resources, std::span<const Interface> interfaces,
           const AddressTable& addresses, Arp& arp, Icmp& icmp, const Config& config);

  void set_transport(Transport& transport) { transport_ = &transport; }

  /// Takes frames over from where a port put them. Ends with one Transport::receive() if there is
  /// anything for it.
  void receive(port::PortId port, std::span<Packet> frames);

  /// As Network::take_reassembled().
  std::optional<ReassembledFrame> take_reassembled();

 private:
  struct Attachment {
    const Interface* interface = nullptr;
    const port::LinkProperties* link = nullptr;
  };

  [[nodiscard]] Attachment attachment_of(port::PortId port) const;
  void receive_frame(const Attachment& attachment, Packet frame);
  [[nodiscard]] static bool is_for_us(const Attachment& attachment,
                                      const wire::EthernetHeader& header);
  void receive_ipv4(Arrival& arrival, Packet packet);
  void receive_ipv6(Arrival& arrival, Packet packet);
  void refuse_extensions(const Arrival& arrival, const Packet& packet,
                         const wire::Ipv6Payload& found);
  [[nodiscard]] bool wants_fragment(const Arrival& arrival, std::uint8_t protocol) const;
  void receive_fragment_v4(const Arrival& arrival, Packet packet);
  void receive_fragment_v6(const Arrival& arrival, Packet packet, const wire::Ipv6Payload& found);
  void keep_reassembled(const Arrival& arrival, Packet packet);
  void receive_tcp(const Arrival& arrival, Packet packet);
  void hand_up();

  Resources resources_;
  const AddressTable& addresses_;
  Arp& arp_;
  Icmp& icmp_;
  Transport* transport_ = nullptr;
  std::vector<Attachment> attachments_;  // by port
  std::array<Datagram, kBurst> burst_;
  std::size_t burst_size_ = 0;
  std::optional<Reassembler> reassembler_;
  std::vector<ReassembledFrame> reassembled_;  // not taken yet; at most one for each frame
};

}  // namespace sluice::ip
