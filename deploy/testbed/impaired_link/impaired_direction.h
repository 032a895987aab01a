#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "dataplane/base/time.h"
#include "deploy/testbed/impaired_link/chance.h"
#include "deploy/testbed/impaired_link/frame_pool.h"
#include "deploy/testbed/impaired_link/impairments.h"

namespace sluice::testbed {

/// What became of the frames of one direction, in frames but where the name says otherwise.
struct DirectionCounters {
  std::uint64_t taken = 0;
  /// Those that came out at the other end, repeats among them.
  std::uint64_t forwarded = 0;
  std::uint64_t forwarded_bytes = 0;
  std::uint64_t lost = 0;
  std::uint64_t lost_in_bursts = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t corrupted = 0;
  std::uint64_t marked = 0;
  /// Those that came out behind one that was taken later.
  std::uint64_t reordered = 0;
  std::uint64_t queue_dropped = 0;
  std::uint64_t too_big = 0;
  std::uint64_t too_big_answered = 0;
};

/// One direction of a link, in a time that its user gives: frames are taken at one end and come out
/// at the other, in so far as they do. Which frames are hit follows from the seed and their order,
/// not from the time.
///
/// A frame passes: the MTU, loss, duplication, marking and corruption, being held back, the queue
/// before the rate limit, delay and jitter.
class ImpairedDirection {
 public:
  ImpairedDirection(const Impairments& impairments, std::uint64_t seed, FramePool& pool);

  /// A frame begins its way. Instants never decrease, over take() and release() together. Returns
  /// an answer that goes back to the sender at once: the ICMP message about a packet that is too
  /// big.
  std::optional<Frame> take(Instant now, Frame frame);

  /// The next frame that has arrived by `now`, in order of arrival.
  std::optional<Frame> release(Instant now);

  /// When release() has something to do next; kNever: not before a frame is taken.
  [[nodiscard]] Instant next_due() const;

  [[nodiscard]] const DirectionCounters& counters() const { return counters_; }

 private:
  struct Moving {
    Instant due;
    std::uint64_t order;   // of those due at the same time
    std::uint64_t number;  // as it was taken
    Frame frame;
  };
  struct Held {
    std::uint32_t to_pass;
    Instant latest;
    std::uint64_t number;
    Duration jitter;
    Frame frame;
  };
  /// Orders a heap by what is due first.
  struct Later {
    bool operator()(const Moving& a, const Moving& b) const {
      return a.due != b.due ? a.due > b.due : a.order > b.order;
    }
  };

  [[nodiscard]] bool too_big(const Frame& frame) const;
  [[nodiscard]] std::optional<Frame> refuse(Frame frame);
  bool lose(Chance& chance);
  void corrupt(Chance& chance, Frame& frame);
  void mark(Chance& chance, Frame& frame);
  void send(Instant now, std::uint64_t number, Chance& chance, Frame frame);
  void pass(Instant now, std::uint64_t number, Duration jitter, Frame frame);
  void let_overtaken_go(Instant now);
  void let_overdue_go(Instant now);
  std::optional<Instant> leave_queue(Instant now, std::size_t size);

  const Impairments impairments_;
  const std::uint64_t seed_;
  FramePool& pool_;
  bool in_burst_ = false;
  std::uint64_t next_order_ = 0;
  std::uint64_t highest_out_ = 0;
  Instant link_free_{};
  Instant latest_arrival_{};
  std::deque<Held> held_;       // by `latest`
  std::vector<Moving> moving_;  // a heap
  DirectionCounters counters_;
};

}  // namespace sluice::testbed
