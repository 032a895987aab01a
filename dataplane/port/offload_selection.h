#pragma once

#include <cstdint>

#include "dataplane/port/device_name.h"
#include "dataplane/port/link.h"

namespace sluice::port {

/// A device's offload capabilities, in DPDK's bits.
struct DeviceCapabilities {
  std::uint64_t receive = 0;    ///< RTE_ETH_RX_OFFLOAD_*
  std::uint64_t transmit = 0;   ///< RTE_ETH_TX_OFFLOAD_*
  std::uint64_t rss_types = 0;  ///< RTE_ETH_RSS_*
};

/// The capabilities of a device that are worth using. What a virtual device's driver merely
/// calculates in software is not: Sluice's own code does that as well, and once.
Offloads select_offloads(const DeviceName& device, const DeviceCapabilities& capabilities);

/// The bits to configure for what was selected.
std::uint64_t receive_offload_bits(const Offloads& offloads, const DeviceCapabilities& has);
std::uint64_t transmit_offload_bits(const Offloads& offloads, const DeviceCapabilities& has);
/// RSS over the addresses and ports of TCP, as far as the device can; 0 when it cannot.
std::uint64_t rss_bits(const DeviceCapabilities& has);

}  // namespace sluice::port
