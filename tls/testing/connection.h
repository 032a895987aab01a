#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "dataplane/base/graveyard.h"
#include "dataplane/testing/eal.h"
#include "tls/environment.h"
#include "tls/secure_stream.h"
#include "tls/testing/agreement.h"
#include "tls/testing/client.h"
#include "tls/testing/fake_stream.h"
#include "tls/testing/recording_handler.h"

namespace sluice::tls::testing {

/// A worker's surroundings for TLS streams.
struct Surroundings {
  explicit Surroundings(std::uint32_t buffers = 1024, RecordLayer records = RecordLayer::kOwn,
                        const HandshakeLimits& handshakes = {})
      : pool(buffers),
        environment(*pool, graveyard, clock, counters,
                    {.record_layer = records, .handshakes = handshakes}) {}
  sluice::testing::TestPool pool;
  Graveyard graveyard;
  Clock clock;
  Counters counters;
  Environment environment;
};

struct ConnectionOptions {
  RecordLayer records = RecordLayer::kOwn;  ///< the server's
  HandshakeLimits handshakes = {};          ///< the server's
  ClientOptions client = {};
  std::uint32_t buffers = 1024;
  std::size_t window = std::size_t{64} * 1024;
  /// The size of each next piece on its way, in both directions; unset: whatever there is.
  std::function<std::size_t()> piece = {};
};

/// A client and a server stream, with a wire between them that the test can cut into pieces.
class Connection {
 public:
  explicit Connection(const ServerIdentity& identity, const ConnectionOptions& options = {});
  /// Aborts what is still open. Expects every buffer back.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Carries bytes both ways until nothing moves any more.
  void exchange();
  /// Begins the client's handshake and carries it through.
  void handshake();
  /// One piece from the client to the server; false when nothing could move.
  bool carry_to_server();
  /// One piece from the server to the client; false when nothing could move.
  bool carry_to_client();
  /// Puts bytes on the wire as if the client had sent them.
  void inject(ByteChain bytes) { to_server_.append(std::move(bytes)); }
  /// Ends the worker's loop: what was buried is destroyed.
  void end_loop() { surroundings.graveyard.clear(); }

  Surroundings surroundings;
  /// Buffers of the test's own side, so that the server's pool can be dry without it.
  sluice::testing::TestPool client_pool{1024};
  FakeStream lower;
  RecordingHandler handler;
  Client client;
  SecureStream* server;
  Agreement agreed;  ///< what the server was told, once it is open
  bool acknowledge_at_once = true;

 private:
  std::size_t next_piece(std::size_t available) const;

  ConnectionOptions options_;
  ByteChain to_server_;
};

}  // namespace sluice::tls::testing
