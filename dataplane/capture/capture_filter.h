#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/port/link.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/flow.h"
#include "dataplane/wire/ip_address.h"

namespace sluice::capture {

enum class Direction : std::uint8_t { kIn, kOut };

/// The flow of a frame as Sluice sees it, whichever way the frame goes: that of a TCP segment, or
/// of the segment that an ICMP error quotes. Nothing for all other frames.
std::optional<wire::FlowKey> flow_of(wire::Bytes frame, Direction direction);

/// Which frames are wanted. What is not set is any.
struct CaptureFilter {
  std::optional<port::PortId> port;
  std::optional<Direction> direction;
  std::optional<wire::Prefix> remote;
  std::optional<std::uint16_t> local_port;

  /// Decides by the frame's first bytes, headers and all. When a flow's property is asked for,
  /// frames of no flow (ARP, echoes, fragments) do not match.
  [[nodiscard]] bool matches(port::PortId its_port, Direction its_direction,
                             wire::Bytes frame) const;
};

}  // namespace sluice::capture
