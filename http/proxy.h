#pragma once

#include <cstddef>
#include <unordered_map>

#include "dataplane/stream.h"
#include "dataplane/worker/application.h"
#include "http/counters.h"
#include "http/proxy_core.h"
#include "http/proxy_environment.h"
#include "http/settings.h"

namespace sluice::http {

/// One worker's HTTP/1.1 and TCP reverse proxy: listens for the frontends of a snapshot, and
/// carries requests, or what clients send in TCP mode, to the servers of its backends. Everything
/// but reading the counters happens on the worker's thread.
class Proxy final : public Acceptor, public worker::Application {
 public:
  explicit Proxy(const ProxyEnvironment& environment);
  /// Resets every connection, and clears the worker's graveyard: not to be called from within a
  /// callback of a stream or timer.
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  /// Takes over a snapshot between two bursts: starts and stops listening, and serves every request
  /// that begins from now on by it. Connections and exchanges go on; idle clients of a frontend
  /// that is gone are closed. The snapshot must live until the next one is adopted.
  ///
  /// Returns how many addresses could not be listened on (counted as listen_failures, too).
  std::size_t adopt(const Settings& settings);

  /// Stops listening, closes what is idle on both sides, and tells clients with a request under way
  /// that its response is the last. Tunnels go on until they end. Done when sessions() is 0.
  void drain();

  /// Called by the worker once a loop, outside of the callbacks of streams and timers.
  void begin_loop(Instant now) override;
  std::size_t do_rationed_work(Instant now) override;

  /// Clients' connections, lingering ones included.
  [[nodiscard]] std::size_t sessions() const {
    return core_.sessions.size() + core_.tcp_sessions.size();
  }
  /// Connections to servers, but for those of tunnels: in use, and pooled.
  [[nodiscard]] std::size_t busy_upstreams() const { return core_.upstreams.busy(); }
  [[nodiscard]] std::size_t idle_upstreams() const { return core_.upstreams.idle(); }

  /// By FrontendId, and by BackendId.
  [[nodiscard]] const RefusedHeads<FrontendId>& refused_requests() const {
    return core_.refused_requests;
  }
  [[nodiscard]] const RefusedHeads<BackendId>& refused_responses() const {
    return core_.upstreams.refused_responses();
  }

  // For any thread, while the proxy lives.

  /// By FrontendId, BackendId and ServerId: find(id.index()).
  [[nodiscard]] const CounterTable<FrontendCounters>& frontend_counters() const {
    return core_.frontend_counters;
  }
  [[nodiscard]] const CounterTable<BackendCounters>& backend_counters() const {
    return core_.backend_counters;
  }
  [[nodiscard]] const CounterTable<ServerCounters>& server_counters() const {
    return core_.server_counters;
  }
  [[nodiscard]] const ProxyCounters& counters() const { return core_.counters; }
  /// Of TLS with clients.
  [[nodiscard]] const tls::Counters& tls_counters() const { return core_.tls_counters; }
  /// Of TLS with servers.
  [[nodiscard]] const tls::HandshakeStatistics& handshake_statistics() const {
    return core_.tls_environment.statistics;
  }
  [[nodiscard]] const tls::Counters& upstream_tls_counters() const {
    return core_.upstream_tls_counters;
  }

  // Acceptor
  StreamHandler* on_accept(Stream& stream, const wire::Endpoint& listening) override;

 private:
  struct EndpointHash {
    std::size_t operator()(const wire::Endpoint& endpoint) const {
      return std::hash<wire::IpAddress>{}(endpoint.address) * 31 + endpoint.port;
    }
  };
  /// Whether one more client may connect from there; counts it otherwise.
  [[nodiscard]] bool admits(const Frontend& frontend, const wire::IpAddress& client);
  /// Makes the session for a stream that was accepted.
  template <typename Session>
  StreamHandler* begin(Stream& stream, const Frontend& frontend);

  using Listeners = std::unordered_map<wire::Endpoint, FrontendId, EndpointHash>;

  ProxyCore core_;
  Listeners listeners_;
};

}  // namespace sluice::http
