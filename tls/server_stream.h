#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "dataplane/base/counter.h"
#include "dataplane/base/graveyard.h"
#include "dataplane/buffer/packet_pool.h"
#include "dataplane/stream.h"
#include "tls/server_identity.h"

namespace sluice::tls {

/// TLS events of one worker. Written by the worker, read by anyone.
struct Counters {
  Counter handshakes_started;
  Counter handshakes_completed;
  Counter handshakes_resumed;
  Counter handshakes_failed;
  Counter records_rejected;  ///< a record that did not authenticate, or broke the protocol
  Counter truncated;         ///< FIN without close_notify while data was expected
};

/// What TLS streams of one worker share. The worker's owner keeps it alive longer than any stream.
struct Environment {
  PacketPool& pool;
  Graveyard& graveyard;
  Counters& counters;
};

/// The server's side of TLS 1.2 or 1.3 over another stream. The stream owns itself: it is buried
/// when both its handler and the stream below have let go.
///
/// Delivers on_open() when the handshake is done; on_end() after the peer's close_notify; a FIN
/// without one is on_failure(kTruncated).
class ServerStream;

/// Starts a handshake as the server over `lower`, whose handler it becomes. Events go to
/// `handler`. Returns nullptr (and has aborted `lower`) when OpenSSL has no memory.
Stream* accept(Stream& lower, const ServerIdentity& identity, StreamHandler& handler,
               Environment& environment);

/// The application protocol agreed on by ALPN, or "" for none; of a stream that accept() made and
/// that is open.
std::string_view negotiated_protocol(const Stream& stream);

}  // namespace sluice::tls
