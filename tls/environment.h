#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/base/block_pool.h"
#include "dataplane/base/counter.h"
#include "dataplane/base/graveyard.h"
#include "dataplane/base/time.h"
#include "dataplane/buffer/packet_pool.h"
#include "tls/environment_options.h"
#include "tls/handshake_statistics.h"
#include "tls/record/buffer_reserve.h"
#include "tls/record/record_header.h"
#include "tls/record/record_tools.h"

namespace sluice::tls {

/// TLS events of one worker. Written by the worker, read by anyone. A handshake that was started
/// ends as completed or as failed, also when its handler gives up on it.
struct Counters {
  /// As the server: the client's first byte has come; as the client: the stream below is open.
  Counter handshakes_started;
  Counter handshakes_completed;  ///< full and resumed ones
  Counter handshakes_resumed;
  Counter handshakes_failed;
  Counter handshakes_refused;  ///< not begun: too many waited, or for too long, or of one source
  Counter tls12;               ///< completed with TLS 1.2
  Counter tls13;               ///< completed with TLS 1.3
  Counter handshakes_waiting;  ///< now: clients' handshakes that wait for their turn
  Counter records_rejected;    ///< after the handshake: not authentic, or against the protocol
  Counter alerts_received;     ///< fatal ones, which end the connection
  Counter control_floods;      ///< closed for too many records that carry no data
  Counter truncated;           ///< FIN without close_notify after the handshake
  Counter key_updates;         ///< TLS 1.3: the peer's keys and our own that were replaced
  Counter out_of_buffers;      ///< failed because the pool was dry
  Counter records_postponed;   ///< waited for a buffer before they were made
  Counter lingering;           ///< now: closed by their handlers, waiting for buffers for the rest
};

class SecureStream;

/// What the TLS streams of one worker share. Its owner keeps it alive longer than any stream, and
/// destroys it before the pool. About 100 KiB large.
struct Environment {
  /// Throws std::runtime_error when OpenSSL lacks what TLS needs.
  Environment(PacketPool& packet_pool, Graveyard& worker_graveyard, const Clock& worker_clock,
              Counters& worker_counters, const EnvironmentOptions& worker_options = {});
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  /// Ends a pass of the worker's loop: gives turns to handshakes that wait, and seals what was sent
  /// in it. Returns how much there was to do.
  std::size_t finish_pass(Instant now);

  PacketPool& pool;
  Graveyard& graveyard;
  const Clock& clock;
  Counters& counters;
  BufferReserve reserve;
  RecordTools records;
  EnvironmentOptions options;
  HandshakeStatistics statistics;
  HandshakeQueue handshakes;
  /// Where streams live.
  BlockPool<SecureStream> streams;
  /// Streams with plaintext that waits for the end of the pass.
  std::vector<SecureStream*> gathering;
  /// Where the plaintext of one record is gathered from its buffers for OpenSSL; of no meaning
  /// between calls.
  std::array<std::uint8_t, kMaxPlaintext> scratch;
};

}  // namespace sluice::tls
