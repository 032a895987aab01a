#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "dataplane/base/counter.h"
#include "dataplane/base/histogram.h"
#include "tls/failure.h"

namespace sluice::load {

/// What went wrong with a connection or a request.
enum class Failure : std::uint8_t {
  kConnectTimeout,    ///< no answer to the SYN in time
  kRefused,           ///< a reset for the SYN
  kUnreachable,       ///< no route, no neighbour, or an ICMP error
  kHandshakeTimeout,  ///< no end of the TLS handshake in time
  kHandshake,         ///< TLS: it failed; see the alerts
  kResponseTimeout,   ///< no complete response in time
  kReset,             ///< by the server, before the response was complete
  kNoAck,             ///< the server stopped acknowledging
  kClosedEarly,       ///< the server closed before it began to answer
  kShortBody,         ///< the server closed, or TLS was cut, within the response
  kBadTls,            ///< a record that is not authentic or against the protocol
  kBadResponse,       ///< not HTTP, or ambiguous
  kWrongStatus,       ///< another status than expected
  kWrongBody,         ///< another size or other bytes than expected
  kLost,              ///< a connection that was held open ended while it rested
  kNoLocalPort,       ///< of our own: all addresses and ports are in use
  kNoMemory,          ///< of our own: no room for a connection or its packets
};
inline constexpr std::size_t kFailures = static_cast<std::size_t>(Failure::kNoMemory) + 1;

/// A few words for a summary.
std::string_view to_string(Failure failure);
/// The name of a JSON key: "connect_timeout".
std::string_view name_of(Failure failure);
/// Whether it says something of the load tester rather than of the server.
bool is_own(Failure failure);

/// Why TLS failed, counted.
struct TlsFailures {
  std::array<Counter, 256> alerts_received{};  ///< by number
  std::array<Counter, 256> alerts_sent{};
  Counter certificate;  ///< the server's is not trusted
  Counter other;

  void count(const tls::Failure& failure);
};

/// What one worker has seen. Written by the worker, read by anyone. About 150 KiB.
struct Statistics {
  Counter connections_started;
  Counter connections_opened;  ///< TCP handshakes completed
  Counter connections_closed;  ///< ended in the way they were meant to
  Counter handshakes;          ///< TLS handshakes completed
  Counter handshakes_resumed;
  Counter requests;                     ///< sent
  Counter responses;                    ///< complete, and as expected
  Counter head_bytes;                   ///< of responses
  Counter body_bytes;                   ///< of responses, without their framing
  Counter open;                         ///< now: connections
  Counter in_flight;                    ///< now: connecting, or waiting for an answer
  Counter due;                          ///< in an open loop: starts that the schedule asked for
  Counter late_starts;                  ///< begun more than a millisecond after their time
  Counter missed_starts;                ///< not begun: as many as allowed were under way
  std::array<Counter, 600> statuses{};  ///< responses by status
  std::array<Counter, kFailures> failures{};

  TlsFailures tls_failures;

  Histogram connect;     ///< from the SYN to the SYN-ACK
  Histogram handshake;   ///< TLS, from the ClientHello to the client's Finished
  Histogram first_byte;  ///< from the request to the first byte of its response
  /// From the instant a request was due to the end of its response. In an open loop that is the
  /// instant the schedule said, so that waiting behind a stalled server is counted.
  Histogram total;
};

}  // namespace sluice::load
