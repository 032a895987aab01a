#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "tls/secure_stream.h"
#include "tls/testing/connection.h"
#include "tls/testing/fake_stream.h"
#include "tls/testing/recording_handler.h"

namespace sluice::tls::testing {

struct PairOptions {
  RecordLayer records = RecordLayer::kOwn;  ///< of both sides
  ConnectOptions connect = {.server_name = "server.test"};
  std::uint32_t buffers = 1024;  ///< of each side
  std::size_t window = std::size_t{64} * 1024;
  /// The size of each next piece on its way, in both directions; unset: whatever there is.
  std::function<std::size_t()> piece = {};
};

/// Our client and our server, each on a worker of its own, with a wire between them.
class Pair {
 public:
  /// What one side consists of.
  struct Side {
    explicit Side(const PairOptions& options)
        : surroundings(options.buffers, options.records), lower(options.window) {}
    /// Queues text on this side's stream.
    void send(std::string_view text);
    [[nodiscard]] const Counters& counters() const { return surroundings.counters; }

    Surroundings surroundings;
    FakeStream lower;
    RecordingHandler handler;
    SecureStream* stream = nullptr;
    Agreement agreed;  ///< once it is open
  };

  Pair(const ServerIdentity& identity, const ClientContext& context,
       const PairOptions& options = {});
  /// Aborts what is still open. Expects every buffer back.
  ~Pair();
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  /// Opens the stream below the client, and carries the handshake through.
  void handshake();
  /// Carries bytes both ways until nothing moves any more.
  void exchange();
  /// One piece from one side to the other, and its acknowledgement back; false when nothing could
  /// move.
  bool carry(Side& from, Side& to);
  /// Ends both workers' loops: what was buried is destroyed.
  void end_loop();

  sluice::testing::TestPool wire_pool{1024};
  Side client;
  Side server;

 private:
  PairOptions options_;
};

}  // namespace sluice::tls::testing
