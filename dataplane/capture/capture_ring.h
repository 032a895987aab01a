#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/base/counter.h"
#include "dataplane/base/time.h"
#include "dataplane/capture/capture_filter.h"
#include "dataplane/port/link.h"

namespace sluice::capture {

/// One captured frame, as far as it was copied.
struct Record {
  Instant time;
  port::PortId port;
  Direction direction = Direction::kIn;
  std::uint32_t length = 0;  ///< of the whole frame
  std::span<std::uint8_t> bytes;
};

/// Copies of frames on their way from one worker to the control thread: a ring of a fixed number of
/// places, each for a frame of at most `snap_length` bytes. Nobody waits: what finds no place is
/// lost. One thread puts and another one takes.
class CaptureRing {
 public:
  CaptureRing(std::uint32_t places, std::uint32_t snap_length)
      : snap_length_(snap_length), places_(places), bytes_(std::size_t{places} * snap_length) {}

  [[nodiscard]] std::uint32_t snap_length() const { return snap_length_; }

  // For the worker.

  /// The place that comes `ahead` places behind what is published, with room for snap_length()
  /// bytes; nullptr when the ring is full.
  Record* place(std::uint32_t ahead) {
    const std::uint32_t at = written_.load(std::memory_order_relaxed) + ahead;
    if (at - taken_.load(std::memory_order_acquire) >= places_.size()) return nullptr;
    Record& record = places_[at % places_.size()];
    record.bytes = {bytes_.data() + (at % places_.size()) * snap_length_, snap_length_};
    return &record;
  }
  /// Gives the next `count` places to the control thread.
  void publish(std::uint32_t count) {
    written_.store(written_.load(std::memory_order_relaxed) + count, std::memory_order_release);
  }

  // For the control thread.

  /// The oldest record there is, or nullptr. It is valid until pop().
  [[nodiscard]] const Record* front() const {
    const std::uint32_t at = taken_.load(std::memory_order_relaxed);
    if (at == written_.load(std::memory_order_acquire)) return nullptr;
    return &places_[at % places_.size()];
  }
  void pop() {
    taken_.store(taken_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

 private:
  std::uint32_t snap_length_;
  std::vector<Record> places_;  // a power of two of them, so that positions may wrap
  std::vector<std::uint8_t> bytes_;
  alignas(64) std::atomic<std::uint32_t> written_{0};
  alignas(64) std::atomic<std::uint32_t> taken_{0};
};

/// A capture that is under way: what is wanted, and a ring from each worker. The control thread
/// makes it; each worker holds on to it until it sees that it has been stopped.
struct Capture {
  /// `places` of each ring is a power of two.
  Capture(const CaptureFilter& wanted, std::uint32_t workers, std::size_t ports,
          std::uint32_t places, std::uint32_t snap_length)
      : filter(wanted) {
    for (std::uint32_t i = 0; i < workers; ++i) {
      rings.push_back(std::make_unique<CaptureRing>(places, snap_length));
      lost.emplace_back(ports);
    }
  }

  const CaptureFilter filter;
  std::vector<std::unique_ptr<CaptureRing>> rings;  // by worker
  std::vector<std::vector<Counter>> lost;           // by worker and port: a ring was full
  std::atomic<bool> stopped{false};
};

}  // namespace sluice::capture
