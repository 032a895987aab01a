#pragma once

#include <cstdint>
#include <string_view>

#include "dataplane/base/time.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/wire/flow.h"

namespace sluice::tcp {

/// What a connection is at one moment, for whoever looks at it from outside. Sizes are in bytes; a
/// deadline is the time until a timer fires, negative when there is none.
struct ConnectionView {
  static constexpr Duration kNoDeadline{-1};

  wire::FlowKey flow;
  State state = State::kClosed;
  Duration age{};          ///< in whole seconds
  Duration since_heard{};  ///< since the peer's last segment

  // What is sent.
  std::uint64_t sent = 0;            ///< for the first time, since it began
  std::uint64_t acknowledged = 0;    ///< of that
  std::uint32_t unacknowledged = 0;  ///< queued: sent and not acknowledged, or not yet sent
  std::uint32_t in_flight = 0;       ///< sent and not acknowledged
  std::uint32_t send_window = 0;     ///< the peer's
  std::uint8_t send_shift = 0;
  std::uint16_t segment_size = 0;  ///< largest payload of a segment sent
  bool finish_sent = false;

  // What is received.
  std::uint64_t received = 0;        ///< in order, since it began
  std::uint32_t receive_window = 0;  ///< as last told, what came since taken off
  std::uint8_t receive_shift = 0;
  std::uint32_t receive_buffer = 0;     ///< the largest window so far
  std::uint32_t unconsumed = 0;         ///< delivered, and not yet used by the layer above
  std::uint32_t out_of_order = 0;       ///< held behind a hole
  std::uint32_t out_of_order_runs = 0;  ///< in so many pieces
  bool peer_finished = false;

  // Congestion.
  CongestionAlgorithm congestion_algorithm = CongestionAlgorithm::kCubic;
  std::uint32_t congestion_window = 0;
  std::uint32_t slow_start_threshold = 0;  ///< zero: nothing has ended the first slow start yet

  // Recovery; all but the names and `retransmits` is about what is in flight.
  std::string_view loss_detection;  ///< what finds losses: "rack-tlp", "sack", "duplicate-acks"
  Recovery::Phase recovery = Recovery::Phase::kOpen;
  std::uint32_t pipe = 0;             ///< probably still in the network
  std::uint32_t sacked = 0;           ///< the peer has it, behind a hole
  std::uint32_t lost = 0;             ///< taken for lost and not sent again since
  std::uint32_t resent = 0;           ///< sent more than once
  std::uint32_t retransmits = 0;      ///< segments sent again since it began
  bool reordering_seen = false;       ///< on its path, ever
  Duration reordering_window{};       ///< how much longer than a round trip something may take
  bool measured = false;              ///< whether the round-trip times mean anything
  Duration round_trip{};              ///< smoothed
  Duration round_trip_variation{};    ///< of it
  Duration round_trip_minimum{};      ///< of the last minutes; zero: none measured
  Duration retransmission_timeout{};  ///< with the back-off
  std::uint8_t backoff = 0;           ///< doublings of that timeout

  // What both sides agreed upon.
  bool timestamps = false;
  bool sack = false;
  bool window_scaling = false;

  // When its timers fire.
  Duration retransmits_in = kNoDeadline;
  Duration recovers_in = kNoDeadline;  ///< a tail loss probe, or the end of the reordering window
  Duration acknowledges_in = kNoDeadline;
  Duration keep_alive_in = kNoDeadline;
  Duration gives_up_in = kNoDeadline;  ///< its handler has let go
};

/// Looks into connections. For the worker they belong to.
class ConnectionInspector {
 public:
  static ConnectionView view(const Connection& connection);

 private:
  static Duration age(const Connection& connection);
  static std::uint32_t sent_of_queue(const Connection& connection);
  static void view_sending(const Connection& connection, ConnectionView& view);
  static void view_receiving(const Connection& connection, ConnectionView& view);
  static void view_congestion(const Connection& connection, ConnectionView& view);
  static void view_recovery(const Connection& connection, ConnectionView& view);
  static void view_round_trip(const Connection& connection, ConnectionView& view);
  static void view_timers(const Connection& connection, ConnectionView& view);
};

}  // namespace sluice::tcp
