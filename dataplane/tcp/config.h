#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "dataplane/base/keyed_hash.h"
#include "dataplane/base/time.h"
#include "dataplane/tcp/congestion/congestion_control.h"

namespace sluice::tcp {

/// When a SYN is answered with a cookie (RFC 4987 section 3.6) rather than remembered.
enum class SynCookieUse : std::uint8_t {
  kUnderPressure,  ///< when half-open entries or buffers get short
  kAlways,
  kOff,
};

/// Whether connections use explicit congestion notification (RFC 3168).
enum class EcnUse : std::uint8_t {
  kOff,
  kAccept,   ///< where the peer asks for it
  kRequest,  ///< and in connections that Sluice opens
};

/// What initial sequence numbers (RFC 6528) and timestamps (RFC 7323 section 7.1) are made from.
/// Processes that follow each other under the same addresses with the same key, each `elapsed`
/// later than those before, never go back behind what a peer in TIME-WAIT remembers of them.
struct SequenceOrigin {
  HashKey key = random_hash_key();
  /// How far the clock of both had run when this process began.
  Duration elapsed{};
};

/// What an operator decides about TCP, for one worker.
struct StackConfig {
  /// Connections in any state but half-open and TIME_WAIT.
  std::uint32_t max_connections = 65536;
  /// Handshakes that a peer has begun and not yet completed. When three quarters of them are in use
  /// further SYNs are answered with cookies; without cookies, dropped when all are.
  std::uint32_t max_half_open = 16384;
  SynCookieUse syn_cookies = SynCookieUse::kUnderPressure;
  /// TIME_WAIT records; beyond this the oldest is given up early.
  std::uint32_t max_time_wait = 65536;

  /// Most bytes a peer may have delivered that the layer above has not consumed: the largest
  /// receive window. The window is smaller when buffers are short.
  std::uint32_t receive_buffer = 4 * 1024 * 1024;
  /// The largest window to begin with. It grows as far as a connection makes use of it.
  std::uint32_t receive_buffer_initial = 64 * 1024;

  /// Bounds of the retransmission timeout (RFC 6298). The RFC asks for a minimum of one second;
  /// like other stacks Sluice uses less, since its clock is fine and delayed ACKs are short.
  Duration rto_initial = std::chrono::seconds(1);
  Duration rto_minimum = std::chrono::milliseconds(200);
  Duration rto_maximum = std::chrono::seconds(60);

  /// How long sent data may go unacknowledged before the connection is given up: R2 of RFC 1122
  /// section 4.2.3.5, at least 100 s there.
  Duration give_up_after = std::chrono::seconds(100);
  /// How long a peer may keep its window closed, or open for less than the least segment, while
  /// there is something to send (RFC 6429 section 4). When buffers are short such connections are
  /// given up after seconds.
  Duration stalled_timeout = std::chrono::minutes(5);
  /// SYN or SYN-ACK transmissions after the first.
  std::uint8_t syn_retries = 5;

  /// Whether smaller segments are tried when full-sized ones are not acknowledged (RFC 4821).
  bool black_hole_detection = true;

  /// An ACK may wait this long for data to travel with (RFC 1122 section 4.2.3.2: below 0.5 s).
  Duration delayed_ack = std::chrono::milliseconds(40);
  /// 2 MSL (RFC 9293 section 3.4.2). One minute, as is common, rather than four.
  Duration time_wait = std::chrono::seconds(60);
  /// How soon after its end Sluice may open a connection between the same two addresses and ports
  /// again when both sides use timestamps. At least the timestamp clock's tick, 1 ms.
  Duration reconnect_after = std::chrono::seconds(1);
  /// Whether connections on which nothing happens are probed (RFC 9293 section 3.8.4): first when
  /// nothing was received for so long, then at this interval, and given up after so many probes.
  /// The RFC wants it off unless asked for; a proxy has too many peers that vanish.
  bool keep_alive = true;
  Duration keep_alive_idle = std::chrono::minutes(2);
  Duration keep_alive_interval = std::chrono::seconds(15);
  std::uint8_t keep_alive_probes = 8;
  /// How long a connection that its handler has closed waits for the peer's FIN.
  Duration orphan_timeout = std::chrono::seconds(60);

  /// On average, ACKs that challenge suspicious segments (RFC 5961) and resets in answer to
  /// segments that belong to no connection.
  std::uint32_t challenge_acks_per_second = 1000;
  std::uint32_t resets_per_second = 10000;
  /// Whether timestamps are offered and accepted (RFC 7323).
  bool timestamps = true;
  /// Whether selective acknowledgments are offered and accepted (RFC 2018).
  bool sack = true;
  /// Whether losses are found by time and tails probed for (RACK-TLP, RFC 8985), with peers that do
  /// SACK, rather than by the number of segments that arrive out of order (RFC 6675).
  bool rack = true;
  CongestionAlgorithm congestion_control = CongestionAlgorithm::kCubic;
  EcnUse ecn = EcnUse::kAccept;

  /// On average, "packet too big" messages that are believed.
  std::uint32_t path_mtu_changes_per_second = 1000;

  /// Ports for connections that Sluice opens (RFC 6056 section 3.2).
  std::uint16_t first_local_port = 16384;
  std::uint16_t last_local_port = 65535;

  /// Unless set, each worker has a secret key of its own, and time begins with the process.
  std::optional<SequenceOrigin> sequence_origin;
};

}  // namespace sluice::tcp
