#include "dataplane/port/offload_selection.h"

#include <gtest/gtest.h>
#include <rte_ethdev.h>

namespace sluice::port {
namespace {

constexpr std::uint64_t kAll = ~std::uint64_t{0};
constexpr DeviceCapabilities kEverything{kAll, kAll, kAll};

TEST(OffloadSelection, NicDoesAllItCan) {
  const Offloads offloads = select_offloads({.kind = DeviceKind::kPci}, kEverything);
  EXPECT_EQ(offloads, (Offloads{true, true, true, true, true, true}));
}

TEST(OffloadSelection, NothingIsUsedThatTheDeviceLacks) {
  EXPECT_EQ(select_offloads({.kind = DeviceKind::kPci}, {}), Offloads{});
  const DeviceCapabilities no_ip_checksum{kAll, kAll & ~RTE_ETH_TX_OFFLOAD_IPV4_CKSUM, 0};
  const Offloads offloads = select_offloads({.kind = DeviceKind::kPci}, no_ip_checksum);
  EXPECT_TRUE(offloads.transmit_checksum);
  EXPECT_FALSE(offloads.segmentation) << "each segment needs an IPv4 checksum of its own";
  EXPECT_FALSE(offloads.receive_side_scaling);
}

TEST(OffloadSelection, DriversThatCalculateInSoftwareAreNotAsked) {
  const Offloads offloads = select_offloads({.kind = DeviceKind::kTap}, kEverything);
  EXPECT_EQ(offloads, (Offloads{.multi_segment = true, .large_pieces = true}));
}

TEST(OffloadSelection, MemifCopiesIntoBuffersOfThePeerThatMayBeSmall) {
  DeviceName memif{.kind = DeviceKind::kMemif};
  EXPECT_EQ(select_offloads(memif, kEverything), (Offloads{.multi_segment = true}));
  memif.memif_zero_copy = true;
  EXPECT_TRUE(select_offloads(memif, kEverything).large_pieces);
}

TEST(OffloadSelection, MemifWithoutChecksumsLeavesThemOut) {
  const DeviceName memif{.kind = DeviceKind::kMemif, .memif_checksums = false};
  EXPECT_TRUE(select_offloads(memif, kEverything).transmit_checksum);
}

TEST(OffloadSelection, OverARingNobodySendsWhatItKeeps) {
  EXPECT_FALSE(select_offloads({.kind = DeviceKind::kRing}, kEverything).multi_segment);
}

TEST(OffloadSelection, GuestsShareMemoryAndNeedNoChecksums) {
  const DeviceCapabilities vhost{RTE_ETH_RX_OFFLOAD_TCP_CKSUM,
                                 RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_MULTI_SEGS, 0};
  const Offloads offloads = select_offloads({.kind = DeviceKind::kVhostUser}, vhost);
  EXPECT_TRUE(offloads.receive_checksum);
  EXPECT_TRUE(offloads.transmit_checksum);
  EXPECT_FALSE(offloads.segmentation);
}

TEST(OffloadSelection, OnlyBitsTheDeviceHasAreConfigured) {
  const DeviceCapabilities has{RTE_ETH_RX_OFFLOAD_TCP_CKSUM, RTE_ETH_TX_OFFLOAD_TCP_CKSUM, 0};
  const Offloads offloads = select_offloads({.kind = DeviceKind::kPci}, has);
  EXPECT_EQ(receive_offload_bits(offloads, has), RTE_ETH_RX_OFFLOAD_TCP_CKSUM);
  EXPECT_EQ(transmit_offload_bits(offloads, has), RTE_ETH_TX_OFFLOAD_TCP_CKSUM);
  EXPECT_EQ(rss_bits(kEverything), RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP);
}

TEST(Offloads, SeveralPortsDoWhatAllOfThemDo) {
  const Offloads all{true, true, true, true, true, true};
  EXPECT_EQ(all.intersect({.multi_segment = true}), (Offloads{.multi_segment = true}));
  EXPECT_EQ(all.intersect(all), all);
}

}  // namespace
}  // namespace sluice::port
