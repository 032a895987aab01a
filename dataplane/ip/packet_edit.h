#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/buffer/packet.h"
#include "dataplane/buffer/packet_pool.h"

namespace sluice::ip {

/// Cuts a packet down to its first `size` bytes, and frees the buffers behind them. A packet that
/// is not longer is left as it is.
void truncate(Packet& packet, std::uint32_t size);

/// Makes the first `size` bytes of a packet (or all, when it has fewer) lie in its first buffer.
/// False, with nothing changed, when that buffer is shared or has too little room.
[[nodiscard]] bool pull_up(Packet& packet, std::uint16_t size);

/// Makes a chain one buffer, by a copy that keeps its offload requests. False, with nothing
/// changed, when the packet is larger than PacketPool::kDataRoom or no buffer is left.
[[nodiscard]] bool flatten(Packet& packet, PacketPool& pool);

}  // namespace sluice::ip
