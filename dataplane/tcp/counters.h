#pragma once

#include "dataplane/base/counter.h"

namespace sluice::tcp {

/// TCP events of one worker. Written by the worker, read by anyone.
struct Counters {
  Counter connections;   ///< present connections, without half-open and TIME_WAIT
  Counter awaiting_fin;  ///< of these, closed here, with nothing left but the peer's FIN
  Counter half_open;     ///< present half-open connections
  Counter time_wait;     ///< present TIME_WAIT records

  Counter segments_received;       ///< well-formed segments
  Counter segments_sent;           ///< all segments, retransmissions and resets included
  Counter payload_bytes_received;  ///< delivered in order
  Counter payload_bytes_sent;      ///< first transmissions

  Counter connections_accepted;        ///< passive opens completed
  Counter connections_opened;          ///< active opens completed
  Counter connections_failed;          ///< active opens that were refused or never answered
  Counter connects_no_route;           ///< active opens not begun: no route
  Counter connects_full;               ///< active opens not begun: the table is full
  Counter connects_no_port;            ///< active opens not begun: no local port is free
  Counter connections_reset;           ///< ended by the peer's RST after they were open
  Counter connections_timed_out;       ///< given up: the peer stopped acknowledging
  Counter connections_aborted;         ///< ended by our RST
  Counter connections_orphaned;        ///< closed here, and the peer's FIN never came
  Counter connections_stalled;         ///< given up: the peer's window stayed closed for too long
  Counter stalled_dropped_for_memory;  ///< the same after seconds, since buffers were short

  Counter syns_received;         ///< SYNs to a listening address
  Counter syns_dropped_backlog;  ///< dropped: too many half-open connections
  Counter syns_dropped_memory;   ///< dropped: buffers are short
  Counter syn_cookies_sent;      ///< SYNs answered without being remembered (RFC 4987)
  Counter syn_cookies_accepted;  ///< connections made from a cookie
  Counter syn_cookies_rejected;  ///< ACKs that looked like a cookie's and were not: old, or guessed
  Counter accepts_dropped_full;  ///< final ACK of a handshake dropped: the table is full
  Counter half_open_reset;       ///< handshakes that the peer ended by RST
  Counter half_open_expired;     ///< handshakes that the peer never completed
  Counter time_wait_recycled;    ///< TIME_WAIT records given up early to make room
  Counter time_wait_reused;      ///< a new SYN took over a TIME_WAIT pair (RFC 6191)
  Counter ecn_connections;       ///< connections that use ECN (RFC 3168)
  Counter time_wait_reconnected;  ///< a connection of ours took over a TIME_WAIT pair

  Counter retransmitted_segments;  ///< segments sent again, for any reason
  Counter retransmission_timeouts;
  Counter fast_retransmits;      ///< entries into fast recovery
  Counter slow_start_exits;      ///< by longer round trips, before a loss (RFC 9406)
  Counter ecn_reductions;        ///< reactions to marks that the peer tells of, one a window
  Counter idle_restarts;         ///< windows reset since nothing was sent for long
  Counter rack_marked_lost;      ///< segments found lost by time (RFC 8985)
  Counter tlp_probes;            ///< tail loss probes sent
  Counter tlp_repairs;           ///< losses that only a tail loss probe repaired
  Counter reordered_deliveries;  ///< ACKs that showed segments to have overtaken others
  Counter spurious_timeouts;     ///< timeouts taken back: the answer was only late
  Counter spurious_recoveries;   ///< fast recoveries taken back: nothing was lost
  Counter sack_blocks_received;  ///< SACK blocks of what is in flight
  Counter sack_blocks_ignored;   ///< SACK blocks of what is not
  Counter sack_reneged;          ///< times a peer no longer had what it told to have
  Counter dsacks_received;       ///< reports of duplicates (RFC 2883)
  Counter path_mtu_reduced;      ///< connections whose segments shrank after "packet too big"
  Counter path_mtu_ignored;   ///< such messages about nothing in flight, no decrease, or too many
  Counter black_hole_probes;  ///< times segments were made smaller since large ones got no answer
  Counter black_holes_found;  ///< times that helped
  Counter zero_window_probes;
  Counter keep_alive_probes;
  Counter keep_alive_timeouts;  ///< idle connections given up; among connections_timed_out, too
  Counter duplicate_acks_received;
  Counter delayed_acks_sent;   ///< by the delayed-ACK timer
  Counter ecn_marks_received;  ///< data segments that a router marked (CE)
  Counter dsacks_sent;         ///< duplicate segments reported to the peer

  Counter malformed;               ///< dropped: header shorter than it says
  Counter bad_checksum;            ///< dropped
  Counter out_of_window;           ///< dropped and answered with an ACK
  Counter paws_rejected;           ///< dropped: timestamp older than seen (RFC 7323 section 5)
  Counter timestamp_missing;       ///< dropped: no timestamp although both sides agreed on them
  Counter acknowledgment_missing;  ///< dropped: no ACK after a handshake has begun
  Counter receive_windows_grown;   ///< times a connection's use of its window made it larger
  Counter out_of_order;            ///< kept for reassembly
  Counter out_of_order_dropped;    ///< dropped: too far apart, too many or buffers short
  Counter dropped_for_memory;  ///< dropped: buffers are short and the connection holds its share
  Counter challenge_acks;      ///< RFC 5961
  Counter challenge_acks_suppressed;  ///< not sent: above the connection's or the worker's limit
  Counter unexpected_segments;        ///< for no connection or listener; answered with a reset
  Counter listener_ignored;           ///< dropped: neither opens a connection nor acknowledges
  Counter resets_sent;
  Counter resets_suppressed;  ///< not sent: above the worker's limit
  Counter resets_received;    ///< acceptable ones
  Counter resets_unexpected;  ///< dropped: for no connection, or outside its window
  Counter no_buffer;          ///< a segment could not be sent: no packet buffer
  Counter port_waits;         ///< data waited a pass or more: its port had no room
};

}  // namespace sluice::tcp
