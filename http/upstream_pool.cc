#include "http/upstream_pool.h"

#include <utility>

namespace sluice::http {
namespace {

bool speaks_as_before(const UpstreamServer& server, const Backend& backend, const Server& wanted,
                      const std::shared_ptr<const tls::ClientContext>& context) {
  if (backend.tls_contexts.empty()) return server.tls == nullptr;
  return server.tls != nullptr && server.tls->is_of(context, wanted.tls_name);
}

}  // namespace

void UpstreamPool::reset_all() {
  for (auto& server : servers_) {
    while (server && !server->idle.empty()) server->idle.back()->destroy();
  }
  while (!busy_.empty()) busy_.back()->destroy();
}

void UpstreamPool::adopt(const Settings& settings, CounterTable<ServerCounters>& servers,
                         CounterTable<BackendCounters>& backends) {
  refused_responses_.forget_gone(settings.backends);
  for (auto& server : servers_) {
    if (server) server->formerly = std::exchange(server->present, false);
  }
  for (const auto& backend : settings.backends) {
    if (!backend) continue;
    for (const Server& wanted : backend->servers) {
      UpstreamServer& server = adopt_server(wanted, servers);
      locate(server, *backend, wanted);
      server.backend = backend->id;
      server.backend_counters = &backends[backend->id.index()];
      server.present = wanted.mode == ServerMode::kReady;
      server.timeouts = backend->timeouts;
      server.pause = backend->server_pause;
      server.idle_limit = backend->pool_connections;
      server.head_limit = backend->response_head_bytes;
    }
  }
  greet_newcomers();
}

// Whoever comes, or comes back, while the process runs begins slowly; who goes is not kept waiting.
void UpstreamPool::greet_newcomers() {
  for (auto& server : servers_) {
    if (!server) continue;
    if (!server->present) close_idle(*server);
    if (began_ && server->present && !server->formerly) {
      server->state.returned(environment_.clock.now());
    }
  }
  began_ = true;
}

// Made when it is new.
UpstreamServer& UpstreamPool::adopt_server(const Server& wanted,
                                           CounterTable<ServerCounters>& counters) {
  const std::size_t index = wanted.id.index();
  if (servers_.size() <= index) servers_.resize(index + 1);
  if (!servers_[index]) {
    FleetState& fleet = environment_.fleet;
    servers_[index] =
        std::make_unique<UpstreamServer>(wanted.id, counters[index], fleet.server(wanted.id),
                                         fleet.load(environment_.worker).servers[index]);
  }
  return *servers_[index];
}

// Where it is and how it is spoken to. What was learnt of it elsewhere, or otherwise, is void.
void UpstreamPool::locate(UpstreamServer& server, const Backend& backend, const Server& wanted) {
  const std::uint32_t worker = environment_.worker;
  std::shared_ptr<const tls::ClientContext> context;
  if (worker < backend.tls_contexts.size()) context = backend.tls_contexts[worker];
  const bool same_tls = speaks_as_before(server, backend, wanted, context);
  if (server.address == wanted.address && same_tls) return;
  close_idle(server);
  server.address = wanted.address;
  server.state.forget();
  server.tls.reset();
  if (!backend.tls_contexts.empty()) {
    server.tls = std::make_shared<UpstreamTls>(std::move(context), wanted.tls_name);
  }
}

void UpstreamPool::drain() {
  draining_ = true;
  for (auto& server : servers_) {
    if (server) close_idle(*server);
  }
}

UpstreamConnection* UpstreamPool::take_idle(UpstreamServer& server, Duration max_idle) {
  UpstreamConnection* connection = server.idle.back();
  if (connection == nullptr) return nullptr;
  if (environment_.clock.now() - connection->idle_since() > max_idle) return nullptr;
  unlink(*connection);
  busy_.push_back(*connection);
  server.counters.connections_reused.add();
  server.backend_counters->connections_reused.add();
  return connection;
}

UpstreamConnection* UpstreamPool::connect(UpstreamServer& server) {
  server.state.claim_trial(environment_.clock.now(), server.pause);
  auto connection = std::make_unique<UpstreamConnection>(*this, server);
  if (!connection->connect(environment_.network)) {
    connect_failed(server);
    return nullptr;
  }
  busy_.push_back(*connection);
  return connection.release();
}

void UpstreamPool::keep(UpstreamConnection& connection) {
  UpstreamServer& server = connection.server();
  const bool current = connection.remote() == server.address && connection.tls() == server.tls;
  if (draining_ || !server.present || !current || server.idle_limit == 0) {
    connection.close_idle();
    return;
  }
  if (server.idle.size() >= server.idle_limit) {
    counters_.pool_overflows.add();
    server.idle.front()->close_idle();
  }
  busy_.remove(connection);
  server.idle.push_back(connection);
  server.counters.idle_current.set(server.idle.size());
  ++idle_;
  connection.become_idle(server.timeouts.keep_alive);
}

void UpstreamPool::forget(UpstreamConnection& connection) {
  unlink(connection);
  environment_.graveyard.bury(std::unique_ptr<Mortal>(&connection));
}

void UpstreamPool::unlink(UpstreamConnection& connection) {
  if (!connection.idle()) {
    busy_.remove(connection);
    return;
  }
  UpstreamServer& server = connection.server();
  server.idle.remove(connection);
  server.counters.idle_current.set(server.idle.size());
  --idle_;
}

void UpstreamPool::connect_succeeded(UpstreamServer& server) {
  server.state.end_pause(environment_.clock.now());
}

// Idle connections to a server that takes no new ones are as good as dead.
void UpstreamPool::connect_failed(UpstreamServer& server) {
  if (server.state.pause(environment_.clock.now(), server.pause)) server.counters.pauses.add();
  close_idle(server);
}

void UpstreamPool::close_idle(UpstreamServer& server) {
  while (!server.idle.empty()) server.idle.back()->close_idle();
}

}  // namespace sluice::http
