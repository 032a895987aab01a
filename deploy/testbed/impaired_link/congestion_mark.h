#pragma once

#include <cstdint>
#include <span>

namespace sluice::testbed {

/// Marks a frame's IP packet as a congested router does: CE in the ECN field (RFC 3168 section 5).
/// Returns false, and leaves the frame as it is, when its sender does not allow it, it is marked
/// already, or it holds no IP.
bool mark_congestion(std::span<std::uint8_t> frame);

}  // namespace sluice::testbed
