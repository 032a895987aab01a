#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "dataplane/base/keyed_hash.h"
#include "dataplane/base/time.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/buffer/packet_pool.h"
#include "dataplane/ip/egress.h"
#include "dataplane/tcp/config.h"
#include "dataplane/tcp/counters.h"
#include "dataplane/tcp/flow_table.h"
#include "dataplane/tcp/reassembly.h"
#include "dataplane/tcp/recovery/recovery.h"
#include "dataplane/tcp/response_limit.h"
#include "dataplane/tcp/segment_writer.h"

namespace sluice::tcp {

class Connection;

/// A queue of connections linked through themselves: being in it costs no memory, and joining it
/// twice does nothing.
class ConnectionList {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  void push(Connection& connection);
  /// The first in line. The queue must not be empty.
  Connection& pop();

 private:
  std::size_t size_ = 0;
  Connection* head_ = nullptr;
  Connection* tail_ = nullptr;
};

class TimeWaitTable;

/// What a received segment brings into a buffer, by experience of full segments. Smaller ones that
/// keep a buffer each are charged as much.
inline constexpr std::uint32_t kBytesPerBuffer = 1448;

/// What the connections, half-open entries and TIME_WAIT records of one worker share.
struct Core {
  Core(const StackConfig& tcp_config, const Clock& worker_clock, TimerWheel& worker_wheel,
       PacketPool& packet_pool, ip::Egress& ip_egress, const HashKey& flow_hash_key)
      : config(tcp_config),
        clock(worker_clock),
        wheel(worker_wheel),
        pool(packet_pool),
        egress(ip_egress),
        flow_key(flow_hash_key),
        challenges(worker_clock, tcp_config.challenge_acks_per_second),
        resets(worker_clock, tcp_config.resets_per_second),
        path_mtu_changes(worker_clock, tcp_config.path_mtu_changes_per_second),
        writer(packet_pool, ip_egress, counters, resets),
        flows(tcp_config.max_connections + tcp_config.max_half_open + tcp_config.max_time_wait),
        held_runs(std::max(kLeastHeldRuns, tcp_config.max_connections)),
        ranges(tcp_config.max_connections),
        recoveries(tcp_config.max_connections),
        largest_window(std::min(tcp_config.receive_buffer, window_that_leaves_enough(packet_pool))),
        receive_limit(largest_window) {}

  /// Enough for a few connections to fill theirs where there are only few connections at all.
  static constexpr std::uint32_t kLeastHeldRuns = 16 * Reassembly::kMostRuns;

  const StackConfig config;
  const Clock& clock;
  TimerWheel& wheel;
  PacketPool& pool;
  ip::Egress& egress;
  const HashKey flow_key;  ///< the same in all workers: it steers
  const SequenceOrigin sequence_origin = config.sequence_origin.value_or(SequenceOrigin());
  Counters counters;
  ResponseLimit challenges;
  ResponseLimit resets;
  ResponseLimit path_mtu_changes;
  SegmentWriter writer;
  FlowTable flows;
  TimeWaitTable* time_wait = nullptr;

  HeldRunPool held_runs;    ///< what all connections' Reassembly share
  RangePools ranges;        ///< what all scoreboards share
  RecoveryPool recoveries;  ///< of connections with data in flight; there is one for each

  ConnectionList ready;               ///< have something to send at the end of the burst
  std::vector<Connection*> finished;  ///< to be freed at the end of the burst

  /// The largest receive window with all buffers free: as configured, or what a connection may fill
  /// without buffers being short for that alone.
  const std::uint32_t largest_window;
  /// The largest receive window at present: smaller when buffers are short.
  std::uint32_t receive_limit;

  /// One connection may hold this part of the free buffers above the reserve: however many take
  /// what they may, some of it stays free.
  static constexpr std::uint32_t kBufferShare = 8;
  /// Buffers that windows do not promise.
  [[nodiscard]] static std::uint32_t reserve(const PacketPool& pool) {
    return pool.capacity() / 8 * 3;
  }
  [[nodiscard]] static std::uint32_t window_that_leaves_enough(const PacketPool& pool);

  [[nodiscard]] Instant now() const { return clock.now(); }
  /// The timestamp clock: milliseconds (RFC 7323 section 5.4 asks for 1 ms to 1 s).
  [[nodiscard]] std::uint32_t timestamp_now() const {
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch()).count());
  }
  /// What a flow's timestamps are offset by, so that they tell nothing of our uptime and yet grow
  /// over successive connections between the same hosts (RFC 7323 section 7.1).
  [[nodiscard]] std::uint32_t timestamp_offset(const wire::FlowKey& flow) const;
  /// RFC 6528: a clock of 4 us plus a secret function of the flow.
  [[nodiscard]] SequenceNumber initial_sequence(const wire::FlowKey& flow) const;
};

/// The window scale we offer, for the largest window configured (RFC 7323 section 2.2).
std::uint8_t window_scale_for(std::uint32_t receive_buffer);

}  // namespace sluice::tcp
