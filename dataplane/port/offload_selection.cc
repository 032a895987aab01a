#include "dataplane/port/offload_selection.h"

#include <rte_ethdev.h>

namespace sluice::port {
namespace {

constexpr std::uint64_t kReceiveChecksums =
    RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM;
constexpr std::uint64_t kTransmitChecksums =
    RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM;
constexpr std::uint64_t kSegmentation =
    kTransmitChecksums | RTE_ETH_TX_OFFLOAD_MULTI_SEGS | RTE_ETH_TX_OFFLOAD_TCP_TSO;
constexpr std::uint64_t kTcpRss = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP;

bool has_all(std::uint64_t bits, std::uint64_t wanted) {
  return (bits & wanted) == wanted;
}

}  // namespace

Offloads select_offloads(const DeviceName& device, const DeviceCapabilities& has) {
  const DeviceKind kind = device.kind;
  Offloads offloads;
  // Over a ring the receiver gets the very buffers that were sent: they must not be parts of what
  // the sender keeps for retransmission, since the receiver may decrypt in place.
  if (kind == DeviceKind::kRing) return offloads;
  offloads.multi_segment = has_all(has.transmit, RTE_ETH_TX_OFFLOAD_MULTI_SEGS);
  // DPDK 24.11's driver copies each buffer into one of the peer's, whatever that one holds.
  const bool copies_blindly = kind == DeviceKind::kMemif && !device.memif_zero_copy;
  offloads.large_pieces = offloads.multi_segment && !copies_blindly;
  offloads.transmit_checksum = !device.memif_checksums;
  // With a guest no checksum is calculated at all: both sides trust the memory they share.
  if (kind != DeviceKind::kPci && kind != DeviceKind::kVhostUser) return offloads;
  offloads.receive_checksum = has_all(has.receive, RTE_ETH_RX_OFFLOAD_TCP_CKSUM);
  offloads.transmit_checksum = has_all(has.transmit, RTE_ETH_TX_OFFLOAD_TCP_CKSUM);
  offloads.segmentation = has_all(has.transmit, kSegmentation);
  offloads.receive_side_scaling = has_all(has.rss_types, kTcpRss);
  return offloads;
}

std::uint64_t receive_offload_bits(const Offloads& offloads, const DeviceCapabilities& has) {
  std::uint64_t bits = offloads.receive_checksum ? has.receive & kReceiveChecksums : 0;
  if (offloads.receive_side_scaling) bits |= has.receive & RTE_ETH_RX_OFFLOAD_RSS_HASH;
  return bits;
}

std::uint64_t transmit_offload_bits(const Offloads& offloads, const DeviceCapabilities& has) {
  std::uint64_t bits = 0;
  if (offloads.multi_segment) bits |= RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
  if (offloads.transmit_checksum) bits |= kTransmitChecksums;
  if (offloads.segmentation) bits |= RTE_ETH_TX_OFFLOAD_TCP_TSO;
  return bits & has.transmit;
}

std::uint64_t rss_bits(const DeviceCapabilities& has) {
  return has.rss_types & kTcpRss;
}

}  // namespace sluice::port
