#pragma once

#include <cstdint>

#include "dataplane/base/counter.h"

namespace sluice::port {

/// What one worker has done on one port. Written by that worker, read by anyone.
struct Counters {
  Counter received_packets;  ///< from the worker's own queues, before steering
  Counter received_bytes;
  Counter transmitted_packets;  ///< taken by the port, from whatever worker they came
  Counter transmitted_bytes;
  Counter transmit_drops;    ///< too many waited for room in the port's queue, or it has no link
  Counter transmit_refused;  ///< the port cannot send it: too many buffers, or bad offload requests
  Counter handed_off;        ///< received packets given to the worker that owns their flow
  Counter hand_off_drops;    ///< lost on the way to another worker: its ring was full
  Counter copied;            ///< copies of ARP and neighbour discovery given to other workers
  Counter copy_failures;     ///< such copies that could not be made or given
  Counter transmit_handed_off;      ///< frames given to a worker that has a transmit queue
  Counter transmit_hand_off_drops;  ///< lost on that way: its ring was full
};

/// What the device itself has counted, as far as it does.
struct DeviceStatistics {
  std::uint64_t received_packets = 0;
  std::uint64_t transmitted_packets = 0;
  std::uint64_t missed = 0;  ///< dropped by the device: nobody fetched them in time
  std::uint64_t receive_errors = 0;
  std::uint64_t transmit_errors = 0;
  std::uint64_t no_buffer = 0;  ///< receive failures for want of packet buffers
};

}  // namespace sluice::port
