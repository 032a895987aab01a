#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/base/linked_list.h"
#include "http/balancing/fleet_state.h"
#include "http/counters.h"
#include "http/head_parser.h"
#include "http/proxy_environment.h"
#include "http/refused_heads.h"
#include "http/settings.h"
#include "http/upstream_connection.h"
#include "http/upstream_tls.h"
#include "tls/environment.h"

namespace sluice::http {

/// One server as one worker knows it. Made when a snapshot first names it; stays, so that its
/// connections can outlive the snapshot that they were made under.
struct UpstreamServer {
  UpstreamServer(ServerId server, ServerCounters& block, ServerState& fitness, Counter& hand)
      : id(server), counters(block), state(fitness), in_hand(hand) {}

  /// An exchange begins, and ends, to be in its hands.
  void enter() {
    counters.sessions.enter();
    in_hand.add();
  }
  void leave() {
    counters.sessions.leave();
    in_hand.subtract();
  }

  ServerId id;
  BackendId backend;
  ServerCounters& counters;
  ServerState& state;  ///< as all workers know it
  Counter& in_hand;    ///< this worker's exchanges, for the others to see
  BackendCounters* backend_counters = nullptr;
  bool present = false;   ///< the present snapshot has it, and wants it used
  bool formerly = false;  ///< so did the one before
  wire::Endpoint address;
  std::shared_ptr<UpstreamTls> tls;  ///< null: it speaks plain HTTP
  ServerTimeouts timeouts;
  Duration pause{};
  std::uint32_t idle_limit = 0;
  std::uint32_t head_limit = 0;
  LinkedList<UpstreamConnection> idle;  ///< the one used last is at the end
};

/// One worker's connections to all servers. Idle connections are used again, the latest first, so
/// that those in excess age and close.
class UpstreamPool final {
 public:
  UpstreamPool(const ProxyEnvironment& environment, tls::Environment& tls, HeadParser& parser,
               ProxyCounters& counters)
      : environment_(environment), tls_(tls), parser_(parser), counters_(counters) {}
  /// Resets what is left.
  ~UpstreamPool() { reset_all(); }
  UpstreamPool(const UpstreamPool&) = delete;
  UpstreamPool& operator=(const UpstreamPool&) = delete;

  /// Takes over the servers of a snapshot. Idle connections to servers that are gone, have moved to
  /// another address, or are to be spoken to by other TLS, are closed; those in use end with their
  /// exchange.
  void adopt(const Settings& settings, CounterTable<ServerCounters>& servers,
             CounterTable<BackendCounters>& backends);
  /// Closes what is idle now and whatever becomes idle later.
  void drain();
  /// Resets all connections without telling their users: the worker is going away.
  void reset_all();

  /// A server of the present snapshot.
  [[nodiscard]] UpstreamServer& server(ServerId id) { return *servers_[id.index()]; }

  /// The idle connection used last, if that was at most `max_idle` ago; else nullptr.
  UpstreamConnection* take_idle(UpstreamServer& server, Duration max_idle);
  /// A new connection, or nullptr when the network cannot make one (the server is passed over
  /// then, as after any failed attempt).
  UpstreamConnection* connect(UpstreamServer& server);

  [[nodiscard]] std::size_t busy() const { return busy_.size(); }
  [[nodiscard]] std::size_t idle() const { return idle_; }

  // For the connections.
  void keep(UpstreamConnection& connection);
  void forget(UpstreamConnection& connection);
  void connect_succeeded(UpstreamServer& server);
  void connect_failed(UpstreamServer& server);
  [[nodiscard]] const ProxyEnvironment& environment() const { return environment_; }
  [[nodiscard]] tls::Environment& tls() { return tls_; }
  [[nodiscard]] HeadParser& parser() { return parser_; }
  [[nodiscard]] ProxyCounters& counters() { return counters_; }
  [[nodiscard]] RefusedHeads<BackendId>& refused_responses() { return refused_responses_; }
  [[nodiscard]] const RefusedHeads<BackendId>& refused_responses() const {
    return refused_responses_;
  }

 private:
  UpstreamServer& adopt_server(const Server& wanted, CounterTable<ServerCounters>& counters);
  void locate(UpstreamServer& server, const Backend& backend, const Server& wanted);
  void greet_newcomers();
  void close_idle(UpstreamServer& server);
  void unlink(UpstreamConnection& connection);

  ProxyEnvironment environment_;
  tls::Environment& tls_;
  HeadParser& parser_;
  ProxyCounters& counters_;
  RefusedHeads<BackendId> refused_responses_;
  std::vector<std::unique_ptr<UpstreamServer>> servers_;  // by ServerId
  LinkedList<UpstreamConnection> busy_;                   // connecting ones too
  std::size_t idle_ = 0;
  bool draining_ = false;
  bool began_ = false;  // a snapshot was adopted
};

}  // namespace sluice::http
