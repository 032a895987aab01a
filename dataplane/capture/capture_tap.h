#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>

#include "dataplane/base/time.h"
#include "dataplane/capture/capture_ring.h"
#include "dataplane/port/steering.h"

namespace sluice::capture {

/// Where frames of one worker are copied from while a capture is under way. When none is, it costs
/// one look at active() for each burst.
class CaptureTap {
 public:
  /// Worker `worker`; `now` tells the time more finely than once a pass.
  CaptureTap(std::uint32_t worker, std::function<Instant()> now)
      : worker_(worker), now_(std::move(now)) {}

  void begin(std::shared_ptr<Capture> capture) { capture_ = std::move(capture); }

  [[nodiscard]] bool active() const { return capture_ != nullptr; }

  /// Copies what is wanted of a burst that was received.
  void received(port::PortId port, std::span<rte_mbuf* const> burst);

  /// Copies what is wanted of a burst that a port is about to be given; at most port::kBurst
  /// frames. Only sent() makes it seen.
  void sending(port::PortId port, std::span<rte_mbuf* const> burst);
  /// The port took the first `count` frames of that burst.
  void sent(port::PortId port, std::size_t count);

 private:
  struct Staged {
    std::size_t frame;  // its index in the burst
    bool lost;
  };

  void stage(port::PortId port, Direction direction, std::span<rte_mbuf* const> burst);
  bool copy(port::PortId port, Direction direction, const rte_mbuf& frame, Instant time,
            std::uint32_t ahead);

  std::uint32_t worker_;
  std::function<Instant()> now_;
  std::shared_ptr<Capture> capture_;
  std::array<Staged, port::kBurst> staged_{};
  std::size_t staged_count_ = 0;
};

}  // namespace sluice::capture
