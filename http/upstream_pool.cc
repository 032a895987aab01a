#include "http/upstream_pool.h"

#include <utility>

namespace sluice::http {

void UpstreamPool::reset_all() {
  for (auto& server : servers_) {
    while (server && !server->idle.empty()) server->idle.back()->destroy();
  }
  while (!busy_.empty()) busy_.back()->destroy();
}

void UpstreamPool::adopt(const Settings& settings, CounterTable<ServerCounters>& servers,
                         CounterTable<BackendCounters>& backends) {
  for (auto& server : servers_) {
    if (server) server->present = false;
  }
  for (const auto& backend : settings.backends) {
    if (!backend) continue;
    for (const Server& wanted : backend->servers) {
      const std::size_t index = wanted.id.index();
      if (servers_.size() <= index) servers_.resize(index + 1);
      if (!servers_[index]) {
        servers_[index] = std::make_unique<UpstreamServer>(wanted.id, servers[index]);
      }
      UpstreamServer& server = *servers_[index];
      if (server.address != wanted.address) {
        close_idle(server);
        server.address = wanted.address;
        server.health = {};
        server.counters.paused.set(0);
      }
      server.backend_counters = &backends[backend->id.index()];
      server.present = true;
      server.timeouts = backend->timeouts;
      server.pause = backend->server_pause;
      server.idle_limit = backend->pool_connections;
      server.head_limit = backend->response_head_bytes;
    }
  }
  for (auto& server : servers_) {
    if (server && !server->present) close_idle(*server);
  }
}

void UpstreamPool::drain() {
  draining_ = true;
  for (auto& server : servers_) {
    if (server) close_idle(*server);
  }
}

const ServerHealth& UpstreamPool::health(ServerId server) const {
  return servers_[server.index()]->health;
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
  server.health.chosen(environment_.clock.now(), server.pause);
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
  if (draining_ || !server.present || connection.remote() != server.address ||
      server.idle_limit == 0) {
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
  server.health.succeeded();
  server.counters.paused.set(0);
}

// Idle connections to a server that takes no new ones are as good as dead.
void UpstreamPool::connect_failed(UpstreamServer& server) {
  if (!server.health.paused()) server.counters.pauses.add();
  server.health.failed(environment_.clock.now(), server.pause);
  server.counters.paused.set(1);
  close_idle(server);
}

void UpstreamPool::close_idle(UpstreamServer& server) {
  while (!server.idle.empty()) server.idle.back()->close_idle();
}

}  // namespace sluice::http
