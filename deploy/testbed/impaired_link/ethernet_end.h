#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "deploy/testbed/impaired_link/frame_pool.h"

namespace sluice::testbed {

/// Frames that are received or sent with one system call, at most.
inline constexpr std::size_t kBatch = 64;

/// An interface of this network namespace, as a packet socket sees it: frames that come in are
/// received here, beside the kernel; what is sent goes out. Checksum and segmentation offloads must
/// be off at both of its ends, or frames come unfinished and over-long.
class EthernetEnd {
 public:
  /// Throws std::system_error when there is no such interface or no right to use it.
  explicit EthernetEnd(const std::string& interface);
  ~EthernetEnd();
  EthernetEnd(const EthernetEnd&) = delete;
  EthernetEnd& operator=(const EthernetEnd&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }

  /// Adds what has come in to `into`, at most kBatch frames and as many as the pool has room for.
  /// Throws std::system_error when the interface is gone.
  void receive(FramePool& pool, std::vector<Frame>& into);

  /// Sends as many as the interface takes, at most kBatch, and empties `frames`; the rest is lost.
  void send(std::vector<Frame>& frames);

  /// Frames that the interface did not take.
  [[nodiscard]] std::uint64_t unsent() const { return unsent_; }
  /// Frames longer than a buffer: offloads are on somewhere.
  [[nodiscard]] std::uint64_t over_long() const { return over_long_; }
  /// Frames that came faster than they were received: this machine is the limit, not the link.
  [[nodiscard]] std::uint64_t missed();

 private:
  int descriptor_;
  std::vector<Frame> empty_;
  std::uint64_t unsent_ = 0;
  std::uint64_t over_long_ = 0;
  std::uint64_t missed_ = 0;
};

}  // namespace sluice::testbed
