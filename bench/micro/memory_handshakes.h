#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <vector>

#include "tls/openssl_types.h"

namespace sluice::micro {

/// What a server does in its handshakes, without a network: OpenSSL as any server uses it, over
/// memory BIOs, with the settings that Sluice has and nothing of Sluice's own. The clients are in
/// the same thread and not counted.
class MemoryHandshakes {
 public:
  struct Options {
    int version = TLS1_3_VERSION;  ///< as OpenSSL numbers it
    bool resumed = false;
    /// Whether each connection carries a request and a response as well, of the size of small HTTP
    /// messages.
    bool exchange = false;
    /// Connections under way at a time. Each step is made for all of them, as by a server that
    /// finds them in one burst: the clients are not in its caches meanwhile.
    std::size_t batch = 32;
  };

  /// `certificate` is a PEM file with its key. Throws std::runtime_error when OpenSSL fails.
  MemoryHandshakes(const std::filesystem::path& certificate, const Options& options);
  ~MemoryHandshakes();
  MemoryHandshakes(const MemoryHandshakes&) = delete;
  MemoryHandshakes& operator=(const MemoryHandshakes&) = delete;

  /// A batch of connections from beginning to end. Returns the CPU time of the server's part.
  /// Throws std::runtime_error when a handshake fails, or is a full one where it should be resumed.
  std::chrono::nanoseconds run();

 private:
  struct Connection;

  void make_client(Connection& connection) const;
  void make_server(Connection& connection) const;
  void keep_session();
  /// Returns the CPU time that `step` takes for all connections.
  template <typename Step>
  std::chrono::nanoseconds timed(Step step);

  const Options options_;
  tls::OpenSslPointer<SSL_CTX> server_;
  tls::OpenSslPointer<SSL_CTX> client_;
  tls::OpenSslPointer<SSL_SESSION> session_;  // to be resumed
  std::vector<Connection> connections_;
};

}  // namespace sluice::micro
