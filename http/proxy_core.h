#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "dataplane/base/linked_list.h"
#include "http/backend_desk.h"
#include "http/counters.h"
#include "http/head_parser.h"
#include "http/health/health_checker.h"
#include "http/proxy_environment.h"
#include "http/refused_heads.h"
#include "http/router.h"
#include "http/settings.h"
#include "http/text_template.h"
#include "http/upstream_pool.h"
#include "tls/environment.h"

namespace sluice::http {

class ClientSession;
class TcpSession;
struct Turn;

/// What the sessions and exchanges of one worker share.
struct ProxyCore {
  explicit ProxyCore(const ProxyEnvironment& worker_environment);
  ~ProxyCore();
  ProxyCore(const ProxyCore&) = delete;
  ProxyCore& operator=(const ProxyCore&) = delete;

  ProxyEnvironment environment;
  HeadParser request_parser;
  HeadParser response_parser;
  ProxyCounters counters;
  CounterTable<FrontendCounters> frontend_counters;
  CounterTable<BackendCounters> backend_counters;
  CounterTable<ServerCounters> server_counters;
  // Of connections with clients, and with servers.
  tls::Counters tls_counters;
  tls::Environment tls_environment;
  tls::Counters upstream_tls_counters;
  tls::Environment upstream_tls_environment;
  UpstreamPool upstreams;
  HealthChecker checker;
  RefusedHeads<FrontendId> refused_requests;
  LinkedList<ClientSession> sessions;
  LinkedList<TcpSession> tcp_sessions;
  bool draining = false;

  /// Takes over a snapshot; it must live until the next call, or as long as this.
  void adopt(const Settings& settings);

  [[nodiscard]] Instant now() const { return environment.clock.now(); }
  [[nodiscard]] PacketPool& pool() const { return environment.pool; }

  /// nullptr when the present snapshot has none of this id.
  [[nodiscard]] const Frontend* frontend(FrontendId id) const;
  [[nodiscard]] const Backend* backend(BackendId id) const;
  /// The time limits of a frontend, or the default ones of a frontend that is gone.
  [[nodiscard]] const ClientTimeouts& timeouts(FrontendId id) const;
  /// Of a frontend of the present snapshot.
  [[nodiscard]] const Router& router(FrontendId id) const { return *routers_[id.index()]; }
  /// Of a backend that some snapshot has had; what it chooses is of use while backend(id) is there.
  [[nodiscard]] BackendDesk& desk(BackendId id) { return *desks_[id.index()]; }
  /// A client's session begins, or ends: counted, and published to the other workers.
  void enter_frontend(FrontendId id);
  void leave_frontend(FrontendId id);
  /// Requests of this worker are numbered; what each is known by elsewhere.
  std::uint64_t next_serial() { return ++last_serial_; }
  [[nodiscard]] RequestTag request_tag(std::uint64_t serial) const;
  /// Of the present snapshot.
  [[nodiscard]] std::uint64_t generation() const { return settings_->generation; }
  /// What to call ourselves in Via; empty: not at all.
  [[nodiscard]] std::string_view via_name(FrontendId id) const;

  /// An unused turn, and where it goes back to. It may still be on the stack then: it is used again
  /// only after recycle_turns(), which the worker's loop calls between two bursts.
  std::unique_ptr<Turn> make_turn();
  void give_back(std::unique_ptr<Turn> turn);
  void recycle_turns();

  /// An exchange has joined a line: serve_lines() looks after it from now on.
  void open_line(BackendId id);
  /// Lets waiting exchanges go on where there is a place. Once a loop, outside of callbacks.
  void serve_lines();

 private:
  void adopt_backends(const Settings& settings);
  void serve_line(BackendDesk& desk);

  const Settings* settings_;
  std::uint64_t last_serial_ = 0;
  std::vector<std::shared_ptr<const Router>> routers_;  // by FrontendId
  std::vector<std::unique_ptr<BackendDesk>> desks_;     // by BackendId
  std::vector<BackendId> lines_;                        // where somebody waits
  std::vector<std::unique_ptr<Turn>> unused_turns_;
  std::vector<std::unique_ptr<Turn>> ended_turns_;
};

}  // namespace sluice::http
