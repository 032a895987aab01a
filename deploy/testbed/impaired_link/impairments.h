#pragma once

#include <cstdint>
#include <string_view>

#include "dataplane/base/time.h"

namespace sluice::testbed {

/// What one direction of a link does to frames. Shares are from 0 to 1 and apply to each frame on
/// its own; nothing is impaired by default.
struct Impairments {
  /// Frames lost at random. In the bad state of bursts, `burst_loss` takes its place.
  double loss = 0;
  /// Bursts of loss (Gilbert-Elliott): the chance that a frame begins the bad state, that a frame
  /// ends it, and that a frame within it is lost.
  double burst_enter = 0;
  double burst_leave = 1;
  double burst_loss = 1;

  /// Time on the way, and what is added at random: from 0 to `jitter`, evenly.
  Duration delay{};
  Duration jitter{};
  /// Whether a frame waits for a slower one before it, or overtakes it.
  bool jitter_keeps_order = true;

  /// Frames held back until `reorder_by` later ones have passed, or until `reorder_time` is over,
  /// whichever comes first. Without a count only the time ends it.
  double reorder = 0;
  std::uint32_t reorder_by = 3;
  Duration reorder_time = std::chrono::milliseconds(10);

  /// Frames that come twice.
  double duplicate = 0;
  /// Frames with one bit flipped somewhere in their IP packet.
  double corrupt = 0;
  /// Frames that get a congestion mark (CE, RFC 3168 section 5), of those whose IP packet allows
  /// it; others pass as they are.
  double mark = 0;

  /// Bits a second, of whole frames; 0: without limit. What cannot leave at once waits in a queue
  /// of at most `queue` bytes; its tail is dropped.
  std::uint64_t rate = 0;
  std::uint64_t queue = 64 * 1024;

  /// Largest IP packet that passes; 0: any. Larger ones are dropped, and their sender is told by
  /// ICMP, as a router does, or not: a black hole.
  std::uint32_t mtu = 0;
  bool mtu_answer = true;
};

/// Reads "loss=0.01,delay=20ms,rate=10M,queue=64K,mtu-answer=no": keys as the members are called,
/// with a hyphen; times in us, ms or s; K, M and G are powers of 1000, or of 1024 for `queue`.
/// Throws std::invalid_argument for what it does not know or what is out of range.
Impairments parse_impairments(std::string_view text);

}  // namespace sluice::testbed
