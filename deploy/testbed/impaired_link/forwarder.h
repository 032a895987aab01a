#pragma once

#include <string>
#include <vector>

#include "dataplane/base/time.h"
#include "deploy/testbed/impaired_link/ethernet_end.h"
#include "deploy/testbed/impaired_link/frame_pool.h"
#include "deploy/testbed/impaired_link/impaired_direction.h"

namespace sluice::testbed {

/// Joins two interfaces by a link whose two directions are impaired.
class Forwarder {
 public:
  /// From one interface to the other.
  struct Way {
    Way(const std::string& from_interface, const Impairments& impairments, std::uint64_t seed,
        FramePool& pool)
        : from(from_interface), direction(impairments, seed, pool) {}

    EthernetEnd from;
    ImpairedDirection direction;
  };

  /// Throws std::system_error for an interface that is not there.
  Forwarder(const std::string& left, const std::string& right, const Impairments& to_right,
            const Impairments& to_left, std::uint64_t seed);

  /// Until `stop` is readable.
  void run(int stop);

  [[nodiscard]] Way& to_right() { return to_right_; }
  [[nodiscard]] Way& to_left() { return to_left_; }

 private:
  void receive(Way& way);
  void let_out(Way& way, EthernetEnd& out, Instant now);
  [[nodiscard]] Duration pause() const;
  /// Until something is to be done; true: end.
  bool wait(int stop);

  FramePool pool_;
  Way to_right_;
  Way to_left_;
  std::vector<Frame> received_;
  std::vector<Frame> leaving_;
  std::vector<Frame> answers_;
};

}  // namespace sluice::testbed
