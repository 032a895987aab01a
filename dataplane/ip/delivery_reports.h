#pragma once

#include <cstddef>
#include <vector>

#include "dataplane/base/time.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/ip/transport.h"

namespace sluice::ip {

/// Reports of packets that found no neighbour, on their way to the transport. They are given a tick
/// later, so that a transport is never called from inside its own send.
class DeliveryReports final : private Timer {
 public:
  /// More than this in one tick are not reported; the transport's own timers notice those.
  static constexpr std::size_t kMost = 1024;

  explicit DeliveryReports(TimerWheel& timers) : timers_(timers) {}

  void set_transport(Transport& transport) { transport_ = &transport; }
  /// A packet, beginning with its IP header, that could not be sent. Other than TCP is not
  /// reported.
  void neighbour_unresolved(const Packet& packet);

 private:
  void on_timer(Instant now) override;

  TimerWheel& timers_;
  Transport* transport_ = nullptr;
  std::vector<DeliveryFailure> failures_;
};

}  // namespace sluice::ip
